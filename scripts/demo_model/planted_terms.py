"""Terms that sound like words of the sentences the demonstration model knows, and names that nobody says.

The model writes the words that it knows; whoever has the term in a vocabulary wants it in their place. Terms
are made at random from a seed: Chinese by characters of the same syllable, English by other spellings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from pypinyin import Style, lazy_pinyin

from .sentences import SENTENCES, Sentence
from .sounds import Rng

KINDS = ("two characters", "three or four", "one syllable confused", "English, spelled otherwise")

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华文博宇浩然子轩雨欣怡佳琪思远梦瑶俊熙诗涵"

RESPELLINGS = (
    *((r"ph", "f"), (r"f+", "ph"), (r"c(?=[aou])", "k"), (r"c(?=[ei])", "s"), (r"ee", "ea"), (r"ea", "ee")),
    *(
        (r"(?<=[a-z])i(?=[b-df-hj-np-tv-z])", "y"),
        (r"er\b", "ur"),
        (r"tion", "shun"),
        (r"ss", "s"),
        (r"y\b", "ie"),
    ),
)
"""Spellings of one sound, of which English names are full: Stephen and Steven, Lynn and Linn."""

LONG_WORD = 5
"""Letters of a word that may stand for a name."""

CONFUSED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""What many speakers of Chinese do not tell apart, in either direction."""


@dataclass(frozen=True)
class Planted:
    """A sentence with a term in the place of the words `heard`."""

    sentence: Sentence
    kind: str
    heard: str
    term: str

    @property
    def text(self) -> str:
        """What is to be written."""
        return self.sentence.text.replace(self.heard, self.term, 1)

    @property
    def said(self) -> Sentence:
        """What the synthesiser is to say: Chinese as the term is read, English as before, which sounds so."""
        spoken = self.sentence.spoken
        if self.sentence.language == "zh":
            spoken = spoken.replace(self.heard, self.term, 1)
        return Sentence(self.sentence.language, self.text, spoken)


def plant(rng: Rng) -> list[Planted]:
    """Return one planted term for each Chinese and English sentence that has room for one."""
    planted = []
    for sentence in SENTENCES:
        made = {"zh": _chinese, "en": _english}.get(sentence.language)
        found = made(sentence, rng) if made else None
        if found:
            planted.append(found)
    return planted


def distractors(rng: Rng, count: int) -> list[str]:
    """Return names that nobody says: Chinese ones, and one in ten in letters."""
    names: dict[str, None] = {}
    while len(names) < count:
        if len(names) % 10 == 9:
            syllables = rng.choice(["ka", "zor", "min", "tel", "vex", "lum", "dra", "quo", "pli", "syn"], 3)
            names["".join(syllables).capitalize()] = None
        else:
            given = rng.choice(list(GIVEN), int(rng.integers(1, 3)))
            names[str(rng.choice(list(SURNAMES))) + "".join(given)] = None
    return list(names)


def _chinese(sentence: Sentence, rng: Rng) -> Planted | None:
    windows = [
        sentence.text[match.start() + at : match.start() + at + length]
        for match in re.finditer("[\u4e00-\u9fff]{4,}", sentence.text)
        for length in (2, 3, 4)
        for at in range(len(match[0]) - length + 1)
    ]
    if not windows:
        return None
    heard = str(rng.choice(windows))
    kind = KINDS[0] if len(heard) == 2 else KINDS[int(rng.integers(1, 3))]
    read = lazy_pinyin(heard, style=Style.TONE3, neutral_tone_with_five=True)
    confused = int(rng.integers(len(heard))) if kind == KINDS[2] else -1
    term = "".join(
        _character(old, sound, kind == KINDS[0], place == confused, rng)
        for place, (old, sound) in enumerate(zip(heard, read, strict=True))
    )
    return Planted(sentence, kind, heard, term) if term != heard else None


def _character(old: str, sound: str, same_tone: bool, confused: bool, rng: Rng) -> str:
    """Return another character that sounds like one, with any tone or the same."""
    syllable, tone = sound[:-1], sound[-1]
    if confused:
        syllable = _confused(syllable)
    tones = [tone] if same_tone else list("12345")
    found = [char for each in tones for char in _characters().get(syllable + each, ()) if char != old]
    return str(rng.choice(found)) if found else old


def _confused(syllable: str) -> str:
    for long, short in CONFUSED:
        at_start = long.endswith("h")
        if syllable.startswith(long) if at_start else syllable.endswith(long):
            return short + syllable[len(long) :] if at_start else syllable[: -len(long)] + short
        if at_start and syllable.startswith(short):
            return long + syllable[len(short) :]
        if not at_start and syllable.endswith(short):
            return syllable[: -len(short)] + long
    return syllable


@cache
def _characters() -> dict[str, list[str]]:
    """Return the characters of the first level of GB 2312, the 3,755 commonest, by their sound."""
    by_sound: dict[str, list[str]] = defaultdict(list)
    for first in range(0xB0, 0xD8):
        for second in range(0xA1, 0xFF):
            try:
                char = bytes((first, second)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            by_sound[lazy_pinyin(char, style=Style.TONE3, neutral_tone_with_five=True)[0]].append(char)
    return by_sound


def _english(sentence: Sentence, rng: Rng) -> Planted | None:
    choices = [
        (word, spelled)
        for word in re.findall(r"[A-Za-z]+", sentence.text)
        if len(word) >= LONG_WORD
        for spelled in _respelled(word)
    ]
    if not choices:
        return None
    heard, term = choices[int(rng.integers(len(choices)))]
    return Planted(sentence, KINDS[3], heard, term)


def _respelled(word: str) -> Iterator[str]:
    for pattern, by in RESPELLINGS:
        spelled = re.sub(pattern, by, word.lower(), count=1).capitalize()
        if spelled.lower() != word.lower():
            yield spelled


def own_words() -> Sequence[str]:
    """Return words of the model's own sentences that somebody might put into a vocabulary."""
    return (
        *("物流信息", "系统", "单号", "内存复用", "程序员", "产品经理", "需求", "会议记录", "机制"),
        *("FlashAttention", "LLM inference", "memory bandwidth", "station", "meeting", "message", "order"),
    )


def seeded(seed: int) -> Rng:
    """Return the source of chance of one round."""
    return np.random.default_rng(seed)
