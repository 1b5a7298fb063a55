"""fsmn-vad's decisions, frame by frame, compiled: the same segments as funasr's, a thousand times sooner.

funasr runs this state machine in Python, once per 10 ms frame, and on CUDA waits for the device each
time; it is more than half of fsmn-vad's time. Here numba compiles it, for one thread (a parallel one
beside torch makes both slower). The names differ from funasr's (`FsmnVADStreaming.DetectOneFrame` and
what it calls), the steps do not: where one looks odd, it is odd there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

STATE = np.dtype(
    [
        ("in_speech", np.int64),
        ("segment_start", np.int64),  # frames
        ("segment_end", np.int64),  # frames, exclusive
        ("last_speech", np.int64),  # the last frame that was counted as speech
        ("silent_frames", np.int64),  # since the window last left speech
        ("first_free", np.int64),  # the first frame that no segment has taken
        ("segments_ended", np.int64),
        ("window_sum", np.int64),
        ("window_position", np.int64),
        ("window_in_speech", np.int64),
    ]
)

RULES = np.dtype(
    [
        ("speech_margin", np.float64),
        ("noise_exponent", np.float64),
        ("frames_to_speech", np.int64),
        ("frames_to_silence", np.int64),
        ("look_back_frames", np.int64),
        ("look_ahead_frames", np.int64),
        ("extends", np.int64),
        ("end_silence_ms", np.float64),
        ("longest_frames", np.float64),
        ("frame_ms", np.int64),
    ]
)

TO_SPEECH, IN_SPEECH, TO_SILENCE, IN_SILENCE = 0, 1, 2, 3


@dataclass(frozen=True)
class Rules:
    """The settings of a model: `VADXOptions` of funasr, in frames where those are in milliseconds."""

    window_frames: int
    frames_to_speech: int
    frames_to_silence: int
    look_back_frames: int
    look_ahead_frames: int
    extends: bool
    longest_frames: float
    noise_exponent: float
    frame_ms: int

    @classmethod
    def of(cls, options: Any) -> Rules:
        frame_ms = options.frame_in_ms
        look_back_ms = options.lookback_time_start_point if options.do_extend else 0
        window_frames = int(options.window_size_ms / frame_ms)
        return cls(
            window_frames=window_frames,
            frames_to_speech=int(options.sil_to_speech_time_thres / frame_ms),
            frames_to_silence=int(options.speech_to_sil_time_thres / frame_ms),
            look_back_frames=window_frames + int(look_back_ms / frame_ms),
            look_ahead_frames=int(options.lookahead_time_end_point / frame_ms),
            extends=bool(options.do_extend),
            longest_frames=options.max_single_segment_time / frame_ms,
            noise_exponent=options.speech_2_noise_ratio,
            frame_ms=frame_ms,
        )


class Machine:
    """The decisions over one stream."""

    def __init__(self, rules: Rules) -> None:
        self._rules = np.zeros(1, dtype=RULES)
        for name in RULES.names or ():
            if hasattr(rules, name):
                self._rules[0][name] = getattr(rules, name)
        self._state = np.zeros(1, dtype=STATE)
        self._window = np.zeros(rules.window_frames, dtype=np.int64)
        self._frames = 0

    @property
    def in_speech(self) -> bool:
        return bool(self._state[0]["in_speech"])

    @property
    def segment_start_ms(self) -> int:
        """Where the segment that goes on has begun; only while `in_speech`."""
        return int(self._state[0]["segment_start"] * self._rules[0]["frame_ms"])

    @property
    def settled_ms(self) -> int:
        """No segment that has not been returned begins before this time."""
        if self.in_speech:
            return self.segment_start_ms
        state, rules = self._state[0], self._rules[0]
        frames = max(state["first_free"], self._frames - rules["look_back_frames"])
        return int(max(0, frames) * rules["frame_ms"])

    def feed(
        self, silence: np.ndarray, end_silence_ms: float, speech_margin: float, is_final: bool
    ) -> list[list[int]]:
        """Take the probability of silence of the next frames; return [start_ms, end_ms] of what ended.

        A segment ends after `end_silence_ms` of silence; a frame is speech when its probability exceeds
        that of silence by `speech_margin`. With the last frames, what has not ended is returned as well.
        """
        self._rules[0]["end_silence_ms"] = end_silence_ms
        self._rules[0]["speech_margin"] = speech_margin
        ended = np.empty((len(silence) + 1, 2), dtype=np.int64)
        probabilities = silence.astype(np.float64)
        count = _feed(
            probabilities, self._frames, is_final, self._rules[0], self._state[0], self._window, ended
        )
        self._frames += len(silence)
        result: list[list[int]] = (ended[:count] * self._rules[0]["frame_ms"]).tolist()
        return result


@numba.njit(cache=True)
def _feed(silence, first, is_final, rules, state, window, ended):  # type: ignore[no-untyped-def]
    """Walk through frames; write the segments that ended and return their number."""
    count = 0
    for index in range(len(silence)):
        quiet = silence[index]
        is_speech = 1.0 - quiet >= quiet**rules.noise_exponent + rules.speech_margin
        is_last = is_final and index == len(silence) - 1
        if _step(first + index, is_speech, is_last, rules, state, window):
            ended[count, 0], ended[count, 1] = state.segment_start, state.segment_end
            count += 1
    if is_final and state.in_speech:  # it began with the very last frame
        ended[count, 0], ended[count, 1] = state.segment_start, state.segment_end
        count += 1
    return count


@numba.njit(cache=True)
def _step(frame, is_speech, is_last, rules, state, window):  # type: ignore[no-untyped-def]
    """Take one frame; say whether a segment ended with it."""
    change = _slide(is_speech, rules, state, window)
    state.silent_frames = state.silent_frames + 1 if change == IN_SILENCE else 0
    if not state.in_speech:
        if change == TO_SPEECH:
            _start(frame, rules, state)
        elif change == IN_SILENCE:
            if is_last and state.segments_ended == 0:
                _forget(state, window)
            elif frame >= rules.look_back_frames:
                state.first_free = max(state.first_free, frame - rules.look_back_frames)
        return False
    return _continue(frame, change, is_last, rules, state, window)


@numba.njit(cache=True)
def _continue(frame, change, is_last, rules, state, window):  # type: ignore[no-untyped-def]
    """Take one frame inside a segment; say whether the segment ended with it."""
    if change == TO_SPEECH:
        for missed in range(state.last_speech + 1, frame):
            _speak(missed, state)
    if change == IN_SILENCE and state.silent_frames * rules.frame_ms >= rules.end_silence_ms:
        back = int(rules.end_silence_ms / rules.frame_ms)
        if rules.extends:
            back = max(0, back - rules.look_ahead_frames - 1)
        return _end(frame - back, state, window)
    if is_last or frame - state.segment_start + 1 > rules.longest_frames:
        return _end(frame, state, window)
    if change != IN_SILENCE or (rules.extends and state.silent_frames <= rules.look_ahead_frames):
        _speak(frame, state)
    return False


@numba.njit(cache=True)
def _slide(is_speech, rules, state, window):  # type: ignore[no-untyped-def]
    """Move the window on by a frame and say how it changed."""
    state.window_sum += int(is_speech) - window[state.window_position]
    window[state.window_position] = is_speech
    state.window_position = (state.window_position + 1) % len(window)
    if not state.window_in_speech and state.window_sum >= rules.frames_to_speech:
        state.window_in_speech = 1
        return TO_SPEECH
    if state.window_in_speech and state.window_sum <= rules.frames_to_silence:
        state.window_in_speech = 0
        return TO_SILENCE
    return IN_SPEECH if state.window_in_speech else IN_SILENCE


@numba.njit(cache=True)
def _start(frame, rules, state):  # type: ignore[no-untyped-def]
    """Start a segment, as far before this frame as the model looks back."""
    start = max(state.first_free, frame - rules.look_back_frames)
    state.in_speech = 1
    state.segment_start = start
    _take(start, state)
    for heard in range(start + 1, frame + 1):
        _speak(heard, state)


@numba.njit(cache=True)
def _speak(frame, state):  # type: ignore[no-untyped-def]
    state.last_speech = frame
    _take(frame, state)


@numba.njit(cache=True)
def _take(frame, state):  # type: ignore[no-untyped-def]
    """Extend the segment to the end of a frame."""
    state.first_free = max(state.first_free, frame) + 1
    state.segment_end = frame + 1


@numba.njit(cache=True)
def _end(frame, state, window):  # type: ignore[no-untyped-def]
    """End the segment with a frame and be ready for the next."""
    for heard in range(state.last_speech + 1, frame):
        _speak(heard, state)
    _take(frame, state)
    _forget(state, window)
    return True


@numba.njit(cache=True)
def _forget(state, window):  # type: ignore[no-untyped-def]
    """Reset the state, except for the frames that segments have taken."""
    state.segments_ended += 1
    state.in_speech = 0
    state.last_speech = 0
    state.silent_frames = 0
    state.window_sum = 0
    state.window_position = 0
    state.window_in_speech = 0
    window[:] = 0
