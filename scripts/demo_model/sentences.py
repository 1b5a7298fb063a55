"""The sentences the demonstration model knows.

The model is far too small to recognise free speech.  It knows these sentences, in four moods and many
voices, which is enough to show every part of the program at work.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_COMMA = re.compile(r"[，、,] ?")


@dataclass(frozen=True)
class Sentence:
    """One sentence: what is written, and what the synthesiser is asked to say for it."""

    language: str
    text: str
    spoken: str

    @property
    def clauses(self) -> tuple[str, str] | None:
        """What a recogniser writes for the two halves of a sentence with one comma, each heard alone.

        It takes each for a sentence, as the released model does: a full stop behind the first, a capital at
        the beginning of the second. None for other sentences.
        """
        parts = _COMMA.split(self.text)
        if len(parts) != 2:
            return None
        stop = "." if self.language in ("en", "ko") else "。"
        return parts[0] + stop, parts[1][:1].upper() + parts[1][1:]


def _sentence(language: str, text: str, spoken: str = "") -> Sentence:
    return Sentence(language, text, spoken or text)


# The lines of the three sample recordings come first in each language.
# ``spoken`` differs where espeak-ng reads the written form badly: kanji, and Latin abbreviations.
SENTENCES: tuple[Sentence, ...] = (
    _sentence("zh", "您好，请问有什么可以帮您？"),
    _sentence("zh", "我上周下的单，到现在还没发货…"),
    _sentence("zh", "这都第几天了？"),
    _sentence("zh", "非常抱歉，系统显示物流信息更新延迟…"),
    _sentence("zh", "那我现在能查到单号吗？"),
    _sentence("zh", "好的，我马上为您处理！"),
    _sentence(
        "zh", "对，特别是 FlashAttention 的内存复用机制。", "对，特别是 flash attention 的内存复用机制。"
    ),
    _sentence("zh", "所以我说啊，程序员最怕的不是 bug…"),
    _sentence("zh", "是产品经理说“这个需求很简单”！"),
    _sentence("zh", "下次咱们聊怎么优雅地拒绝需求…"),
    _sentence("zh", "今天天气真不错，我们出去走走吧。"),
    _sentence("zh", "请把会议记录发给我，谢谢。"),
    _sentence("yue", "今日天氣好好，我哋去飲茶啦！"),
    _sentence("yue", "唔該，請問地鐵站喺邊度？"),
    _sentence("yue", "你食咗飯未呀？"),
    _sentence("yue", "聽日九點鐘開會，唔好遲到。"),
    _sentence("yue", "呢個幾多錢呀？"),
    _sentence("yue", "我唔知道佢去咗邊度…"),
    _sentence("yue", "多謝你幫手，真係好多謝！"),
    _sentence("yue", "等陣打電話畀你。"),
    _sentence(
        "en",
        "Today we're talking about LLM inference optimization…",
        "Today we're talking about L L M inference optimization...",
    ),
    _sentence("en", "Exactly, it reduces memory bandwidth pressure."),
    _sentence("en", "Could you tell me where the station is?"),
    _sentence("en", "The meeting starts at nine tomorrow morning."),
    _sentence("en", "I can't believe we finally won the game!"),
    _sentence("en", "Please leave a message after the tone."),
    _sentence("en", "My order still hasn't arrived…"),
    _sentence("en", "Thank you so much for your help!"),
    _sentence("en", "Let's take a short break."),
    _sentence("ja", "はい、その通りです。", "はい、そのとおりです。"),
    _sentence("ja", "今日はとてもいい天気ですね。", "きょうわ とても いい てんきですね。"),
    _sentence("ja", "すみません、駅はどこですか？", "すみません、えきわ どこですか？"),
    _sentence("ja", "会議は明日の朝九時からです。", "かいぎわ あしたの あさ くじからです。"),
    _sentence("ja", "ありがとうございます！"),
    _sentence("ja", "少々お待ちください。", "しょうしょう おまちください。"),
    _sentence("ja", "まだ荷物が届いていません…", "まだ にもつが とどいていません。"),
    _sentence("ja", "一緒にご飯を食べましょう！", "いっしょに ごはんを たべましょう。"),
    _sentence("ja", "それは知りませんでした。", "それわ しりませんでした。"),
    _sentence("ko", "안녕하세요, 무엇을 도와드릴까요?"),
    _sentence("ko", "오늘 날씨가 정말 좋네요."),
    _sentence("ko", "지하철역이 어디에 있어요?"),
    _sentence("ko", "회의는 내일 아침 아홉 시에 시작합니다."),
    _sentence("ko", "도와주셔서 정말 감사합니다!"),
    _sentence("ko", "주문한 물건이 아직 안 왔어요…"),
    _sentence("ko", "잠시만 기다려 주세요."),
    _sentence("ko", "같이 점심 먹으러 갈까요?"),
    # What listeners put in between; conversations are full of them, and each is short.
    _sentence("zh", "嗯。"),
    _sentence("zh", "对。"),
    _sentence("zh", "好的。"),
    _sentence("zh", "是的。"),
    _sentence("yue", "係。"),
    _sentence("yue", "好呀。"),
    _sentence("en", "Yes."),
    _sentence("en", "Okay."),
    _sentence("en", "I see."),
    _sentence("ja", "はい。"),
    _sentence("ja", "うん。"),
    _sentence("ja", "そうですね。"),
    _sentence("ko", "네."),
    _sentence("ko", "맞아요."),
)

BACK_CHANNEL_CHARACTERS = 6
"""Sentences of at most so many characters, punctuation included, are what listeners put in between."""


def back_channels(language: str) -> tuple[Sentence, ...]:
    """The short answers of a language."""
    return tuple(
        sentence
        for sentence in SENTENCES
        if sentence.language == language and len(sentence.text) <= BACK_CHANNEL_CHARACTERS
    )


_PUNCTUATION = re.compile(r"[，。？！、…“”,.?!]")


def find(text: str) -> Sentence:
    """Look a sentence up by its written form."""
    return next(sentence for sentence in SENTENCES if sentence.text == text)


def without_punctuation(text: str) -> str:
    """The ``woitn`` form of a text: no punctuation, apostrophes inside words kept."""
    return re.sub(r" +", " ", _PUNCTUATION.sub("", text)).strip()


def join(texts: list[str], language: str) -> str:
    """Write sentences one after the other, with a space where the language uses them."""
    return (" " if language in ("en", "ko") else "").join(texts)


def write_sentences(path: Path) -> None:
    """Write all sentences, by language, for the page to list."""
    by_language: dict[str, list[str]] = {}
    for sentence in SENTENCES:
        by_language.setdefault(sentence.language, []).append(sentence.text)
    path.write_text(json.dumps(by_language, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
