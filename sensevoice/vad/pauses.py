"""The short pauses inside fsmn-vad's segments: where people change language, mood and turn.

funasr ends a segment only after two seconds of silence in the first ten of speech, so that a segment holds
what several people said. Its own state machine with a short end silence, over the same probabilities, ends
at every pause; where in the pause it ends depends on its settings, so the pause itself is read from the
frames.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sensevoice.vad.state_machine import Machine, Rules

BEFORE_MS, AFTER_MS = 300, 400
"""How far from the end of one stretch of speech and the start of the next, as the machine reports them, the
pause between them is looked for. The released settings move both by up to 300 ms, and may report both at the
same moment when the pause is short."""

KEPT_MARGIN_MS = 5_000
"""Frames are kept for longer than a longest segment by so much, as the two machines do not end together."""


class PauseFinder:
    """The pauses of at least `pause_ms` in one stream; 0 finds none.

    `options` are funasr's `VADXOptions`. A pause counts from where the machine's window leaves speech, as
    funasr counts its silences.
    """

    def __init__(self, options: Any, pause_ms: int) -> None:
        self._end_silence_ms = float(max(pause_ms - options.speech_to_sil_time_thres, 0))
        self._frame_ms = int(options.frame_in_ms)
        self._exponent = float(options.speech_2_noise_ratio)
        self._kept_frames = int(options.max_single_segment_time + KEPT_MARGIN_MS) // self._frame_ms
        # Without a longest segment of its own: a stretch ends at pauses only.
        self._machine = Machine(replace(Rules.of(options), longest_frames=float("inf"))) if pause_ms else None
        self._quiet = np.zeros(0, dtype=np.bool_)
        self._first_frame = 0
        self._last_end_ms: int | None = None
        self._found: list[list[int]] = []

    def feed(self, silence: np.ndarray, speech_margin: float, is_final: bool) -> None:
        """Take the probability of silence of the next frames; see `Machine.feed`."""
        if self._machine is None:
            return
        quiet = 1.0 - silence < silence.astype(np.float64) ** self._exponent + speech_margin
        self._quiet = np.concatenate((self._quiet, quiet))
        for start_ms, end_ms in self._machine.feed(silence, self._end_silence_ms, speech_margin, is_final):
            if self._last_end_ms is not None:
                self._found.append(self._pause(self._last_end_ms, start_ms))
            self._last_end_ms = end_ms
        surplus = len(self._quiet) - self._kept_frames - len(silence)
        if surplus > 0:
            self._quiet, self._first_frame = self._quiet[surplus:].copy(), self._first_frame + surplus

    def inside(self, segments: list[list[int]]) -> list[list[list[int]]]:
        """Return the pauses inside each of the segments that ended, [start_ms, end_ms] in order."""
        pauses = [
            [pause for pause in self._found if start_ms < sum(pause) // 2 < end_ms]
            for start_ms, end_ms in segments
        ]
        if segments:
            self._found = [pause for pause in self._found if sum(pause) // 2 >= segments[-1][1]]
        return pauses

    def _pause(self, end_ms: int, start_ms: int) -> list[int]:
        """Return the longest run of quiet frames about where one stretch ends and the next starts."""
        first = max(self._first_frame, (end_ms - BEFORE_MS) // self._frame_ms)
        last = (start_ms + AFTER_MS) // self._frame_ms
        seen = self._quiet[first - self._first_frame : max(first, last) - self._first_frame]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], seen.astype(np.int8), [0]))))
        if not len(edges):
            return [end_ms, max(start_ms, end_ms)]
        runs = edges.reshape(-1, 2)
        begin, end = runs[np.argmax(runs[:, 1] - runs[:, 0])].tolist()
        return [(first + begin) * self._frame_ms, (first + end) * self._frame_ms]
