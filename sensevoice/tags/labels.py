"""The tags that SenseVoice writes, such as <|zh|> or <|HAPPY|>: their kinds, and what readers are shown.

The only place with tag names. They are the special tokens of the released vocabulary
(chn_jpn_yue_eng_ko_spectok.bpe.model of iic/SenseVoiceSmall, ids 24884 to 25054). Names are matched
regardless of letter case; a name that is not in the vocabulary is kept in the record and never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from sensevoice.tags.languages import LANGUAGE_NAMES
from sensevoice.transcript import Trend


class TagKind(Enum):
    """The kind of a tag. CONTROL is for tags without information for readers: tasks, closing tags, spares."""

    LANGUAGE = "language"
    EMOTION = "emotion"
    EVENT = "event"
    NORMALISATION = "normalisation"
    CONTROL = "control"
    UNKNOWN = "unknown"


NOSPEECH = "nospeech"
"""In place of the language when a clip has no speech."""

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

# OTHER, an emotion without a name here, tells a reader as little as EMO_UNKNOWN.
_SILENT_EMOTIONS = ("NEUTRAL", "OTHER", "EMO_UNKNOWN")
# Plain speech is evident from the text; Event_UNK ("some sound") and GBG (the training set's class for
# garbage) name nothing to be shown, counted or searched for. All three stay in the raw text.
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


def canonical(name: str) -> str:
    """Return the vocabulary's spelling of a tag name in any letter case; an unknown name unchanged."""
    return _CANONICAL.get(name.lower(), name)


def kind_of(name: str) -> TagKind:
    """Return the kind of the tag of this name, in any letter case."""
    return _KINDS.get(canonical(name), TagKind.UNKNOWN)


def label(name: str, language: str, trend: Trend | None = None) -> str:
    """Return the label of a tag in Chinese for "zh", else in English; "" for a tag that is not shown."""
    index = 0 if language == "zh" else 1
    names = _NAMES.get(canonical(name))
    if names is None:
        return ""
    return names[index] + (_TRENDS[trend][index] if trend else "")
