"""What stands around the network: the prompt_ids put before the sound, and text from the best path.

funasr finds word times by encoding its text again with the tokenizer and aligning a second time, which
fails where text and tokens do not match. The best path of CTC already says at which frame each piece
stands, and it is the path that alignment would find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

CTC_FRAME_MS = 60
"""One encoder frame: 6 feature frames of 10 ms (`lfr_n` of the released config.yaml)."""

FRAME_OFFSET_MS = -30
"""Where funasr puts the start of a frame, half a frame early (`SenseVoiceSmall.inference`)."""

PROMPT_FRAMES = 4
"""Frames before the sound, which carry language, event, emotion and normalisation."""

LANGUAGE_ROWS = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
EVENT_ROW, EMOTION_ROW = 1, 2
NORMALISATION_ROWS = {True: 14, False: 15}
"""Rows of the query table, as in funasr's SenseVoiceSmall; normalisation by `use_itn`."""

UNKNOWN_EMOTION = "<|EMO_UNKNOWN|>"

EMOTION_FRAME = 1
"""In which of the query frames the emotion is named."""


def prompt_rows(language: str, use_itn: bool) -> list[int]:
    """Return the rows of the query table that ask for a language and a normalisation."""
    return [LANGUAGE_ROWS[language], EVENT_ROW, EMOTION_ROW, NORMALISATION_ROWS[use_itn]]


@dataclass(frozen=True)
class Prompt:
    """What one call of `generate` asks for, out of the many settings that funasr hands on."""

    prompt_ids: list[int]
    banned: list[int]

    @classmethod
    def of(cls, settings: dict[str, Any], tokenizer: Any) -> Prompt:
        # funasr bans the id that the released vocabulary has; ask the vocabulary instead.
        banned = [tokenizer.sp.piece_to_id(UNKNOWN_EMOTION)] if settings.get("ban_emo_unk", False) else []
        return cls(
            prompt_rows(settings.get("language", "auto"), bool(settings.get("use_itn", False))), banned
        )


def with_emotion(
    best: Sequence[int], scores: Sequence[tuple[str, str, float]], prompt: Prompt, tokenizer: Any
) -> list[int]:
    """Return a best path in which speech has an emotion, where the unknown one is banned.

    Without that piece the likeliest is often none at all. `scores` are those of the tags, the best of each
    kind first.
    """
    path = list(best)
    named = {kind: name for kind, name, _ in reversed(scores) if f"<|{name}|>" != UNKNOWN_EMOTION}
    if prompt.banned and named.get("language") != "nospeech" and "emotion" in named:
        emotions = {tokenizer.sp.piece_to_id(f"<|{name}|>") for kind, name, _ in scores if kind == "emotion"}
        if not emotions & set(path[:PROMPT_FRAMES]):
            path[EMOTION_FRAME] = tokenizer.sp.piece_to_id(f"<|{named['emotion']}|>")
    return path


def runs_of(path: Sequence[int], blank_id: int) -> Iterator[tuple[int, int, int]]:
    """Yield the pieces of a path that are no blanks: (piece, first frame, frame after the last)."""
    frame = 0
    for piece_id, run in groupby(path):
        start, frame = frame, frame + len(list(run))
        if piece_id != blank_id:
            yield piece_id, start, frame


def decode(best: Sequence[int], tokenizer: Any, blank_id: int) -> dict[str, Any]:
    """Collapse the best path of one clip, query frames first, into its text and its timed pieces.

    Returns {"text": str, "tokens": [(piece, start_ms, end_ms)]}; the tags have no times.
    """
    runs = list(runs_of(best, blank_id))
    text = tokenizer.decode([piece_id for piece_id, _, _ in runs])
    return {"text": text, "tokens": timed(runs, best, tokenizer)}


def timed(
    runs: Sequence[tuple[int, int, int]], path: Sequence[int], tokenizer: Any
) -> list[tuple[str, int, int]]:
    """Return the pieces behind the query frames of a path, as they are written, with their times in ms."""
    limit_ms = (len(path) - PROMPT_FRAMES) * CTC_FRAME_MS + FRAME_OFFSET_MS
    tokens = []
    for piece_id, start, end in runs:
        if start >= PROMPT_FRAMES:
            start_ms = max(0, (start - PROMPT_FRAMES) * CTC_FRAME_MS + FRAME_OFFSET_MS)
            end_ms = min(limit_ms, (end - PROMPT_FRAMES) * CTC_FRAME_MS + FRAME_OFFSET_MS)
            tokens.append((tokenizer.sp.id_to_piece(piece_id), start_ms, end_ms))
    return tokens
