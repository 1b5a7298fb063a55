"""Which words of speech that goes on are shown for good: those that two passes over it agree on.

LocalAgreement-2: Liu et al. 2020, "Low-latency sequence-to-sequence speech recognition and translation by
partial hypothesis selection"; as in Macháček et al. 2023, "Turning Whisper into real-time transcription
system".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from sensevoice.tags.parse import space_between
from sensevoice.transcript import Word

_MARKS = re.compile(r"^[^\w]+|[^\w]+$")


class Committer:
    """The words of one piece of speech while it grows."""

    def __init__(self) -> None:
        self._committed: list[Word] = []
        self._before: list[Word] = []

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that stay."""
        return tuple(self._committed)

    @property
    def committed(self) -> str:
        return spelled([word.text for word in self._committed])

    @property
    def tail(self) -> str:
        """What was heard last behind the words that stay; without the mark of an end that is none yet."""
        texts = [word.text for word in self._before]
        if texts:
            texts[-1] = re.sub(r"[^\w]+$", "", texts[-1]) or texts[-1]
        return spelled(texts)

    def push(self, words: Sequence[Word]) -> None:
        """Take what another pass over all of the piece, which has grown, gave."""
        tail = self._behind_committed(words)
        agreed = list(
            takewhile(lambda pair: _bare(pair[0]) == _bare(pair[1]), zip(self._before, tail, strict=False))
        )
        for before, now in agreed:
            # The model ends whatever it hears with a full stop.
            is_certain = before.text == now.text and now is not words[-1]
            self._committed.append(now if is_certain else Word(_bare(now), now.span))
        self._before = list(tail[len(agreed) :])

    def _behind_committed(self, words: Sequence[Word]) -> Sequence[Word]:
        """Return the words behind those that stay: by their number, or by time where they are now others."""
        count = len(self._committed)
        if [_bare(word) for word in words[:count]] == [_bare(word) for word in self._committed]:
            return words[count:]
        end_ms = self._committed[-1].span.end_ms
        behind = [word for word in words if (word.span.start_ms + word.span.end_ms) / 2 > end_ms]
        if behind and _bare(behind[0]) == _bare(self._committed[-1]) and behind[0].span.start_ms < end_ms:
            return behind[1:]
        return behind


def spelled(texts: Sequence[str]) -> str:
    """Return words as one text, with spaces where their scripts have them."""
    result = ""
    for text in texts:
        result += space_between(result, text) + text
    return result


def _bare(word: Word) -> str:
    """Return a word without the punctuation around it, which changes while a sentence grows."""
    return _MARKS.sub("", word.text) or word.text
