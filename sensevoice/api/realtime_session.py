"""What is answered to each event of a program that speaks in OpenAI's realtime convention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sensevoice.api import shapes
from sensevoice.api.parameters import language_of
from sensevoice.api.realtime_events import (
    RATE_HZ,
    Event,
    check_format,
    input_of,
    new_id,
    object_of,
    sound_of,
)
from sensevoice.audio.downsample import Downsampler
from sensevoice.errors import BadRequest, OptionError
from sensevoice.live.turns import Ended, Growing, Started, Turn, Turns
from sensevoice.options import MAX_PAUSE_MS, MIN_PAUSE_MS, Options
from sensevoice.protocols import PromptRecognizer

SILENCE_MS = 500
"""OpenAI's own default of `silence_duration_ms`."""

MAX_BUFFER_S = 600
"""Without turn detection a program may hold back so much before it commits."""

UPDATES = ("session.update", "transcription_session.update")
PREFIX = "conversation.item.input_audio_transcription"


class Session:
    """The settings of a connection, the turn that goes on, and what is answered to each event."""

    def __init__(self, recognizer: PromptRecognizer, options: Options) -> None:
        self._recognizer = recognizer
        self._options = options
        self._id = new_id("sess")
        self._detects = True
        self._silence_ms = SILENCE_MS
        self._transcription: Event = {"model": "sensevoice-small"}
        self._turns: Turns | None = None
        self._downsampler = Downsampler()
        self._buffer: list[np.ndarray] = []
        self._item = new_id("item")
        self._before: str | None = None
        self._rows = 0
        self._told = ""

    def shape(self) -> Event:
        """Return the settings as OpenAI shows them."""
        detection = {"type": "server_vad", "silence_duration_ms": self._silence_ms, "threshold": 0.5}
        audio = {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "transcription": self._transcription,
            "turn_detection": {**detection, "prefix_padding_ms": 0} if self._detects else None,
            "noise_reduction": None,
        }
        return {
            "id": self._id,
            "object": "realtime.transcription_session",
            "type": "transcription",
            "audio": {"input": audio},
        }

    def handled(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what is answered to an event. Raises BadRequest and OptionError."""
        kind = event.get("type")
        if kind in UPDATES:
            self._update(event.get("session"))
            yield {"type": "session.updated", "session": self.shape()}
        elif kind == "input_audio_buffer.append":
            yield from self._append(sound_of(event))
        elif kind == "input_audio_buffer.commit":
            yield from self._commit()
        elif kind == "input_audio_buffer.clear":
            self._clear()
            yield {"type": "input_audio_buffer.cleared"}
        else:
            raise BadRequest(reason=f"type={kind!a:.60}")

    def _update(self, session: object) -> None:
        wanted = object_of(session, "session")
        given = input_of(wanted)
        if given.get("format") is not None:
            check_format(given["format"])
        if given.get("transcription") is not None:
            self._hear_in(object_of(given["transcription"], "transcription"))
        if "turn_detection" in given:
            self._detect(given["turn_detection"])
        self._clear()

    def _hear_in(self, transcription: Mapping[str, Any]) -> None:
        language, among = transcription.get("language"), transcription.get("languages") or []
        if not isinstance(among, list):
            raise OptionError(option="languages", value=among, allowed="[…]")
        code = language_of("language", str(language)) if language else "auto"
        codes = tuple(language_of("languages", str(name)) for name in among)
        self._options = replace(self._options, language=code, among=codes)
        self._transcription = {"model": "sensevoice-small", **transcription}

    def _detect(self, detection: object) -> None:
        self._detects = detection is not None
        if detection is not None:
            wanted = object_of(detection, "turn_detection").get("silence_duration_ms") or SILENCE_MS
            if not isinstance(wanted, int) or isinstance(wanted, bool):
                raise OptionError(option="silence_duration_ms", value=wanted, allowed="200 … 2000")
            self._silence_ms = max(MIN_PAUSE_MS, min(MAX_PAUSE_MS, wanted))

    def _append(self, samples: np.ndarray) -> Iterator[Event]:
        sound = self._downsampler.push(samples)
        if self._detects:
            for turn in self._open_turns().feed(sound):
                yield from self._told_of(turn)
            return
        if sum(map(len, self._buffer)) + len(sound) > MAX_BUFFER_S * 16_000:
            raise BadRequest(reason=f"more than {MAX_BUFFER_S} s before a commit")
        self._buffer.append(sound)

    def _commit(self) -> Iterator[Event]:
        if self._detects:
            for turn in self._open_turns().finish():
                yield from self._told_of(turn)
            return
        sound, self._buffer = np.concatenate([np.zeros(0, np.float32), *self._buffer]), []
        if not len(sound):
            raise BadRequest(reason="the buffer is empty / 缓冲区为空")
        yield from self._committed()
        yield from self._completed(self._open_turns().whole(sound))

    def _clear(self) -> None:
        self._buffer = []
        self._turns = None
        self._downsampler = Downsampler()

    def _open_turns(self) -> Turns:
        if self._turns is None:
            self._turns = Turns(self._recognizer, self._options, self._silence_ms)
        return self._turns

    def _told_of(self, turn: Turn) -> Iterator[Event]:
        if isinstance(turn, Started):
            yield {
                "type": "input_audio_buffer.speech_started",
                "audio_start_ms": turn.start_ms,
                "item_id": self._item,
            }
        elif isinstance(turn, Growing):
            yield self._delta(turn.added)
        else:
            yield {
                "type": "input_audio_buffer.speech_stopped",
                "audio_end_ms": turn.span.end_ms,
                "item_id": self._item,
            }
            yield from self._committed()
            yield from self._completed(turn)

    def _committed(self) -> Iterator[Event]:
        before = {"previous_item_id": self._before}
        yield {"type": "input_audio_buffer.committed", "item_id": self._item, **before}
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": self._item,
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": content,
        }
        yield {"type": "conversation.item.added", "item": item, **before}

    def _completed(self, turn: Ended) -> Iterator[Event]:
        text = shapes.joined(row.text for row in turn.rows)
        if text.startswith(self._told) and text != self._told:  # so that all deltas make the text
            yield self._delta(text[len(self._told) :])
        place = {"item_id": self._item, "content_index": 0}
        for row in turn.rows:
            self._rows += 1
            segment = shapes.diarized_segment(self._rows, row)
            yield {**segment, **place, "type": f"{PREFIX}.segment"}
        failed = next((row.error for row in turn.rows if row.error), None)
        if failed:
            error = {"type": "server_error", "code": "recognition_failed", "message": failed, "param": None}
            yield {"type": f"{PREFIX}.failed", **place, "error": error}
        else:
            seconds = turn.span.duration_ms / 1000
            usage = {"type": "duration", "seconds": seconds}
            yield {"type": f"{PREFIX}.completed", **place, "transcript": text, "usage": usage}
        self._before, self._item, self._told = self._item, new_id("item"), ""

    def _delta(self, added: str) -> Event:
        self._told += added
        return {"type": f"{PREFIX}.delta", "item_id": self._item, "content_index": 0, "delta": added}
