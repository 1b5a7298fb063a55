"""Raw text of the model, with its tags, to clean text and tags with their places in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES, TagKind, canonical, kind_of
from sensevoice.transcript import Event, InlineTag

_TAG = re.compile(r"<\|([^<>|]*)\|>")
_HEAD = re.compile(r"(?:<\|[^<>|]*\|>)*")


@dataclass(frozen=True)
class TaggedText:
    """The text and tags of one clip.

    `language` and `emotion` are canonical names, "" for none. Events before the text have no offset.
    `emotion` is that before the text or else the first one inside it that has a label; the latter is in
    `inline`, too: an emotion is to be shown in front only if it is not `inline_emotion(inline)`.
    """

    text: str
    language: str
    emotion: str
    events: tuple[Event, ...]
    inline: tuple[InlineTag, ...]


def inline_emotion(inline: tuple[InlineTag, ...]) -> str:
    """Return the first emotion inside the text that is shown, "" if there is none."""
    return next((tag.name for tag in inline if tag.name in EMOTION_NAMES), "")


def parse(raw: str) -> TaggedText:
    """Return the text and tags in the raw text of one clip.

    Tags before the text describe the whole clip: of two languages or emotions the first counts and the
    other is inline at 0. Tags inside it get an offset in characters of the clean text: the end of the text
    before them.
    """
    builder = _Builder()
    for piece, is_tag in _pieces(raw):
        if is_tag:
            builder.add_tag(piece)
        else:
            builder.add_text(piece)
    return builder.result()


def _pieces(raw: str) -> Iterator[tuple[str, bool]]:
    """Yield text and tag names in turn."""
    for index, piece in enumerate(_TAG.split(raw)):
        yield piece, index % 2 == 1


class _Builder:
    """Collects the pieces of one clip's text."""

    def __init__(self) -> None:
        self.text = ""
        self.space_pending = False
        self.language = ""
        self.emotion = ""
        self.events: list[Event] = []
        self.inline: list[InlineTag] = []

    def add_text(self, piece: str) -> None:
        """Append text, with at most one space between two pieces."""
        words = " ".join(piece.split())
        self.space_pending |= piece[:1].isspace()
        if words:
            self.text += seam(self.text, words, self.space_pending) + words
            self.space_pending = False
        self.space_pending |= piece[-1:].isspace()

    def add_tag(self, written: str) -> None:
        name = canonical(written.strip())
        kind = kind_of(name)
        in_head = not self.text
        if kind is TagKind.EVENT and name in EVENT_NAMES:
            event = Event(name, offset=None if in_head else len(self.text))
            if event not in self.events:
                self.events.append(event)
        elif kind is TagKind.LANGUAGE and in_head and self.language in ("", name):
            self.language = name
        elif kind is TagKind.EMOTION and in_head and self.emotion in ("", name):
            self.emotion = name
        elif name and kind in (TagKind.LANGUAGE, TagKind.EMOTION, TagKind.UNKNOWN):
            self.inline.append(InlineTag(name, len(self.text)))

    def result(self) -> TaggedText:
        inline = tuple(self.inline)
        if self.emotion and self.emotion == inline_emotion(inline):
            # The emotion before the text occurs again inside it. An inline tag at 0 distinguishes it from an
            # emotion that occurs only inside the text.
            inline = (InlineTag(self.emotion, 0), *inline)
        emotion = self.emotion or inline_emotion(inline)
        return TaggedText(self.text, self.language, emotion, tuple(self.events), inline)


def seam(left: str, right: str, had_space: bool = False) -> str:
    """Return what stands between two texts where they meet: one space or nothing."""
    if not left or right[0] in ".,!?;:%)]}" or (is_unspaced(left[-1]) and is_unspaced(right[0])):
        return ""
    return " " if had_space or (_ends_spaced_word(left) and _begins_spaced_word(right)) else ""


def space_between(left: str, right: str) -> str:
    """Return what stands between two texts of which each begins with a word: one space or nothing."""
    if not left or not right:
        return ""
    if is_hangul(right[0]) and not is_unspaced(left[-1]):
        return " "  # `seam` may be in the middle of a word, where Korean has none
    return seam(left, right)


def is_hangul(char: str) -> bool:
    return "HANGUL" in unicodedata.name(char, "")


def is_unspaced(char: str) -> bool:
    """Return whether a character is of a script without spaces: Chinese or Japanese, but not Korean."""
    return unicodedata.east_asian_width(char) in "WF" and not is_hangul(char)


def _begins_spaced_word(text: str) -> bool:
    return text[0].isalnum() and unicodedata.east_asian_width(text[0]) not in "WF"


def _ends_spaced_word(text: str) -> bool:
    return text[-1] in ".,!?;:%)]}" or _begins_spaced_word(text[-1])


def head_of(raw: str) -> str:
    """Return the tags before the first text, as the model wrote them."""
    head = _HEAD.match(raw)
    return head[0] if head else ""


def head_kinds(raw: str) -> list[TagKind]:
    """Return the kinds of the tags before the text; SenseVoice writes four, in a fixed order."""
    kinds: list[TagKind] = []
    for piece, is_tag in _pieces(raw):
        if not is_tag and piece.strip():
            break
        if is_tag:
            kinds.append(kind_of(piece))
    return kinds
