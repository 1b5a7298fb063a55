"""The words of a query in both languages: its keys, and the names of emotions, sounds, languages …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sensevoice.search.tokens import folded
from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES
from sensevoice.tags.languages import LANGUAGE_NAMES

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "emotion": ("情绪", "mood", "emotion"),
        "speaker": ("说话人", "speaker", "who"),
        "event": ("声音", "sound", "event"),
        "language": ("语言", "语种", "language", "lang"),
        "channel": ("声道", "channel"),
        "file": ("文件", "录音", "名称", "file", "name"),
        "after": ("晚于", "之后", "after", "since"),
        "before": ("早于", "之前", "before", "until"),
        "date": ("日期", "date"),
        "longer": ("长于", "longer"),
        "shorter": ("短于", "shorter"),
    }
)
"""What stands before the colon, the first ones as they are offered in Chinese."""

SHOWN_KEYS = {
    "zh": "情绪 说话人 声音 语言 声道 文件 早于 晚于 日期 长于 短于",
    "en": "mood speaker sound language channel file before after date longer shorter",
}

_MORE_EMOTIONS = {
    "HAPPY": ("高兴", "快乐", "喜悦", "joy", "happiness"),
    "SAD": ("难过", "伤心", "sadness"),
    "ANGRY": ("生气", "怒", "anger", "mad"),
    "FEARFUL": ("害怕", "fear", "afraid"),
    "DISGUSTED": ("厌恶", "disgust"),
    "SURPRISED": ("吃惊", "surprise"),
    "NEUTRAL": ("平静", "中性", "neutral", "calm"),
}
_MORE_EVENTS = {
    "BGM": ("音乐", "配乐", "music"),
    "Laughter": ("笑", "大笑", "laugh", "laughing"),
    "Applause": ("鼓掌", "掌", "clapping"),
    "Cry": ("哭", "哭泣", "cry"),
    "Sneeze": ("打喷嚏", "sneezing"),
    "Breath": ("呼吸", "breathing"),
    "Cough": ("咳嗽", "咳嗽声", "coughing"),
    "Sing": ("唱歌", "歌唱", "song"),
    "Speech_Noise": ("噪音", "speech noise"),
}
_MORE_LANGUAGES = {
    "zh": ("普通话", "汉语", "国语", "mandarin"),
    "en": ("英语",),
    "yue": ("广东话", "白话"),
    "ja": ("日语", "jp"),
    "ko": ("韩语", "kr"),
}
_CHANNELS = {"left": ("左", "左声道", "l"), "right": ("右", "右声道", "r")}

_Names = Mapping[str, Iterable[str]]


def _by_name(*tables: _Names) -> Mapping[str, str]:
    """Return the tag for each of its names, and for itself, as a query has them."""
    found: dict[str, str] = {}
    for table in tables:
        for tag, names in table.items():
            for name in (tag, *names):
                found.setdefault(folded(name), tag)
    return MappingProxyType(found)


KEY_OF = _by_name(KEYS)

TAGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "emotion": _by_name(EMOTION_NAMES, _MORE_EMOTIONS),
        "event": _by_name(EVENT_NAMES, _MORE_EVENTS),
        "language": _by_name(LANGUAGE_NAMES, _MORE_LANGUAGES),
        "channel": _by_name(_CHANNELS),
    }
)
"""Kind of tag → folded name in either language → name in the record."""

SHOWN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "emotion": (
            "、".join([zh for zh, _ in EMOTION_NAMES.values()] + ["平静"]),
            ", ".join([en for _, en in EMOTION_NAMES.values()] + ["neutral"]),
        ),
        "event": (
            "、".join(zh for zh, _ in EVENT_NAMES.values()),
            ", ".join(en for _, en in EVENT_NAMES.values()),
        ),
        "language": ("中文、英文、粤语、日文、韩文…", "Chinese, English, Cantonese, Japanese, Korean …"),
        "channel": ("左、右、1、2…", "left, right, 1, 2 …"),
    }
)
"""Kind of tag → what is offered in Chinese and in English when a name is not known."""
