"""The tags that SenseVoice writes, such as <|zh|> or <|HAPPY|>: their kinds, their names for readers.

The one place that knows tag names. They are the special tokens of the released vocabulary
(chn_jpn_yue_eng_ko_spectok.bpe.model of iic/SenseVoiceSmall, ids 24884 to 25054). Names are
matched in any letter case; a name the vocabulary lacks is kept in the record and never shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from sensevoice.tags.languages import LANGUAGE_NAMES
from sensevoice.transcript import Event, InlineTag, Trend


class TagKind(Enum):
    """What a tag is about. CONTROL is for tags that tell a reader nothing: tasks, closing tags, spares."""

    LANGUAGE = "language"
    EMOTION = "emotion"
    EVENT = "event"
    NORMALISATION = "normalisation"
    CONTROL = "control"
    UNKNOWN = "unknown"


NOSPEECH = "nospeech"
"""Stands where the language stands when a clip holds no speech."""

EMOTION_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "HAPPY": ("开心", "happy"),
        "SAD": ("悲伤", "sad"),
        "ANGRY": ("愤怒", "angry"),
        "FEARFUL": ("恐惧", "fearful"),
        "DISGUSTED": ("厌恶", "disgusted"),
        "SURPRISED": ("惊讶", "surprised"),
    }
)
"""Emotion tag → (Chinese, English) for every emotion that is shown."""

EVENT_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "BGM": ("背景音乐", "background music"),
        "Laughter": ("笑声", "laughter"),
        "Applause": ("掌声", "applause"),
        "Cry": ("哭声", "crying"),
        "Sneeze": ("喷嚏", "sneeze"),
        "Breath": ("呼吸声", "breath"),
        "Cough": ("咳嗽", "cough"),
        "Sing": ("歌声", "singing"),
        "Speech_Noise": ("噪声", "noise"),
    }
)
"""Event tag → (Chinese, English) for every event that is kept and shown."""

# OTHER says only that the emotion has no name here, which helps a reader as little as EMO_UNKNOWN.
_SILENT_EMOTIONS = ("NEUTRAL", "OTHER", "EMO_UNKNOWN")
# Plain speech is what the text itself says; Event_UNK ("some sound") and GBG (the training set's class
# for garbage) name nothing that could be shown, counted or searched for. All three stay in the raw text.
_SILENT_EVENTS = ("Speech", "Event_UNK", "GBG")
_NORMALISATION = ("withitn", "woitn")
_CONTROL = ("ASR", "AED", "SER", *(f"SPECIAL_TOKEN_{number}" for number in range(1, 36)))

_TRENDS: Mapping[Trend, tuple[str, str]] = MappingProxyType(
    {"rising": ("渐强", ", growing louder"), "falling": ("渐弱", ", growing softer")}
)

_NAMES = {**LANGUAGE_NAMES, **EMOTION_NAMES, **EVENT_NAMES}

_KINDS: Mapping[str, TagKind] = MappingProxyType(
    dict.fromkeys((*LANGUAGE_NAMES, NOSPEECH), TagKind.LANGUAGE)
    | dict.fromkeys((*EMOTION_NAMES, *_SILENT_EMOTIONS), TagKind.EMOTION)
    | dict.fromkeys((*EVENT_NAMES, *_SILENT_EVENTS), TagKind.EVENT)
    | dict.fromkeys(_NORMALISATION, TagKind.NORMALISATION)
    | dict.fromkeys(_CONTROL, TagKind.CONTROL)
    # The vocabulary closes four events; a model trained further may close any of them.
    | dict.fromkeys((f"/{name}" for name in (*EVENT_NAMES, *_SILENT_EVENTS)), TagKind.CONTROL)
)

_CANONICAL = {name.lower(): name for name in _KINDS}

_TAG = re.compile(r"<\|([^<>|]*)\|>")
_HEAD = re.compile(r"(?:<\|[^<>|]*\|>)*")


@dataclass(frozen=True)
class TaggedText:
    """What one run of the model's text says.

    `language` and `emotion` are canonical names, "" when there is none. Events before the text have
    no offset. `emotion` is that of the head or else the first telling one inside the text, which then
    is in `inline` too: an emotion is to be shown in front only if it is not `inline_emotion(inline)`.
    """

    text: str
    language: str
    emotion: str
    events: tuple[Event, ...]
    inline: tuple[InlineTag, ...]


def canonical(name: str) -> str:
    """Return the vocabulary's spelling of a tag name in any letter case; an unknown name as it is."""
    return _CANONICAL.get(name.lower(), name)


def kind_of(name: str) -> TagKind:
    """Return what the tag of this name, in any letter case, is about."""
    return _KINDS.get(canonical(name), TagKind.UNKNOWN)


def label(name: str, language: str, trend: Trend | None = None) -> str:
    """Return what a reader of "zh" or, for any other value, of English is shown; "" for nothing."""
    index = 0 if language == "zh" else 1
    names = _NAMES.get(canonical(name))
    if names is None:
        return ""
    return names[index] + (_TRENDS[trend][index] if trend else "")


def inline_emotion(inline: tuple[InlineTag, ...]) -> str:
    """Return the first emotion inside the text that is shown, "" if there is none."""
    return next((tag.name for tag in inline if tag.name in EMOTION_NAMES), "")


def parse(raw: str) -> TaggedText:
    """Read the text that the model wrote for one clip into text and tags.

    Tags before the first text describe the whole clip: of two languages or emotions the first counts
    and the other is inline at 0. Tags after it keep their place, an offset in characters of the clean
    text, at the end of the text before them.
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
        """Append text; at a seam between two pieces at most one space stands."""
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
            # The head's emotion comes back inside the text. Noting its first place too keeps it apart
            # from an emotion that stands inside the text only.
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
    if left and right and is_hangul(right[0]) and not is_unspaced(left[-1]):
        return " "  # `seam` may be in the middle of a word, where Korean has none
    return seam(left, right)


def is_hangul(char: str) -> bool:
    return "HANGUL" in unicodedata.name(char, "")


def is_unspaced(char: str) -> bool:
    """Tell whether a character is of writing without spaces: Chinese or Japanese, but not Korean."""
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
    """Return the kinds of the tags before the first text; SenseVoice writes four of them, in order."""
    kinds: list[TagKind] = []
    for piece, is_tag in _pieces(raw):
        if not is_tag and piece.strip():
            break
        if is_tag:
            kinds.append(kind_of(piece))
    return kinds
