"""The windows in which a piece of speech is listened to for its voice."""

from __future__ import annotations

from sensevoice.transcript import Span

WINDOW_MS, HOP_MS = 1_500, 750
"""As funasr's `sv_chunk` has them, and what CAM++ is known to tell people apart by."""

SHORTEST_NEW_MS = 300
"""A last window that would hold less than this beyond the one before it says nothing new."""


def windows(piece: Span) -> list[Span]:
    """Return windows of WINDOW_MS every HOP_MS inside a piece of speech, the last one up to its end.

    A piece shorter than a window is one window, as long as the piece.
    """
    if piece.duration_ms <= WINDOW_MS:
        return [piece]
    last_ms = piece.end_ms - WINDOW_MS
    starts = list(range(piece.start_ms, last_ms + 1, HOP_MS))
    if last_ms - starts[-1] >= SHORTEST_NEW_MS:
        starts.append(last_ms)
    return [Span(start, start + WINDOW_MS) for start in starts]
