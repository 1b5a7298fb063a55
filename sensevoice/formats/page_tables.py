"""The tables of the page as sheets of a workbook: people, shares, courses over time, moments, gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sensevoice.analysis.call_card import Person, call_card
from sensevoice.analysis.coverage import coverage
from sensevoice.analysis.highlights import highlight_name, highlights
from sensevoice.analysis.statistics import Share, emotion_over_time, shares, speech_rate_over_time
from sensevoice.formats.shared import channel_name, pick, speaker_names
from sensevoice.formats.spreadsheet import Cell, Percent, Sheet, Time
from sensevoice.tags.labels import label
from sensevoice.transcript import Transcript

Row = Sequence[Cell]
Names = tuple[str, str]
"""What a column or a cell is called, in Chinese and in English."""

_PEOPLE: Sequence[Names] = (
    ("说话人", "Speaker"),
    ("说话占比", "Share of talk"),
    ("说话时长", "Talk time"),
    ("轮次", "Turns"),
    ("打断对方", "Interruptions"),
    ("回应前停顿（秒）", "Pause before answering (s)"),
    ("字/分钟", "Characters/min"),
    ("词/分钟", "Words/min"),
    ("情绪", "Moods"),
    ("何时转为愤怒", "Turned angry at"),
)
_SHARES: Sequence[Names] = (
    ("类别", "Kind"),
    ("名称", "Name"),
    ("时长", "Time"),
    ("占比", "Share"),
    ("相对于", "Of"),
)
_MOMENTS: Sequence[Names] = (
    ("开始", "Start"),
    ("结束", "End"),
    ("秒", "Seconds"),
    ("片段", "Key moment"),
    ("序号", "No."),
    ("声道", "Channel"),
    ("文本", "Text"),
)


def people_sheet(transcript: Transcript, locale: str) -> Sheet:
    """Return a row for each person of a conversation, as on the call card of the page."""
    names = speaker_names(transcript, locale)
    rows = [_person(each, names, locale) for each in call_card(transcript).people]
    return Sheet(pick(("通话卡", "Conversation"), locale), picked(_PEOPLE, locale), rows)


def _person(each: Person, names: Mapping[str, str], locale: str) -> Row:
    channel = "" if each.who.startswith("S") else channel_name(each.who, locale)
    who = names.get(each.who) or channel or pick(("全部说话", "All speech"), locale)
    moods = [f"{label(name, locale)} {ms / max(1, each.talk_ms):.0%}" for name, ms in each.emotions]
    return (
        who,
        Percent(each.share),
        Time(each.talk_ms),
        each.turns,
        each.interruptions,
        None if each.response_ms is None else each.response_ms / 1000,
        _rounded(each.characters_per_minute),
        _rounded(each.words_per_minute),
        pick(("、", "; "), locale).join(moods),
        None if each.turned is None else Time(each.turned.start_ms),
    )


def shares_sheet(transcript: Transcript, locale: str) -> Sheet:
    """Return the shares of time of languages, emotions and sounds."""
    found = shares(transcript)
    speech, whole = ("语音", "speech"), ("全长", "the recording")
    rows = [
        *_share_rows(found.languages, ("语言", "Language"), speech, locale),
        *_share_rows(found.emotions, ("情绪", "Emotion"), speech, locale),
        *_share_rows(found.events, ("声音", "Sound"), whole, locale),
    ]
    return Sheet(pick(("统计", "Statistics"), locale), picked(_SHARES, locale), rows)


def _share_rows(items: Iterable[Share], kind: Names, of: Names, locale: str) -> Iterator[Row]:
    unclear = pick(("平静或不明显", "neutral or unclear"), locale)
    for item in items:
        name = label(item.name, locale) or (unclear if kind[1] == "Emotion" else "")
        if name:
            yield pick(kind, locale), name, Time(item.duration_ms), Percent(item.fraction), pick(of, locale)


def timeline_sheet(transcript: Transcript, locale: str) -> Sheet:
    """Return the emotions and the rate of speech over time, in the bins of the page's charts."""
    bins = emotion_over_time(transcript) if transcript.duration_ms else ()
    rates = speech_rate_over_time(transcript) if transcript.duration_ms else ()
    shown = dict.fromkeys(name for each in bins for name, _ in each.emotions if label(name, locale))
    header = [
        *picked((("开始", "Start"), ("结束", "End")), locale),
        *(f"{label(name, locale)} ({pick(('秒', 's'), locale)})" for name in shown),
        *picked((("字/分钟", "Characters/min"), ("词/分钟", "Words/min")), locale),
    ]
    rows = []
    for each, rate in zip(bins, rates, strict=True):
        times = dict(each.emotions)
        felt = [times.get(name, 0) / 1000 for name in shown]
        spoken = _rounded(rate.characters_per_minute), _rounded(rate.words_per_minute)
        rows.append([Time(each.span.start_ms), Time(each.span.end_ms), *felt, *spoken])
    return Sheet(pick(("随时间变化", "Over time"), locale), header, rows)


def moments_sheet(transcript: Transcript, locale: str) -> Sheet:
    """Return a row for each highlight."""
    rows = [
        (
            Time(item.span.start_ms),
            Time(item.span.end_ms),
            item.span.duration_ms / 1000,
            highlight_name(item.kind, locale),
            item.index + 1,
            channel_name(item.channel, locale),
            item.text,
        )
        for item in highlights(transcript)
    ]
    return Sheet(pick(("关键片段", "Key moments"), locale), picked(_MOMENTS, locale), rows)


def gaps_sheet(transcript: Transcript, locale: str) -> Sheet:
    """Return the parts in which nothing was heard."""
    rows = [
        (Time(gap.start_ms), Time(gap.end_ms), gap.duration_ms / 1000) for gap in coverage(transcript).gaps
    ]
    names = ("开始", "Start"), ("结束", "End"), ("秒", "Seconds")
    return Sheet(pick(("可能漏掉的部分", "Possibly missed"), locale), picked(names, locale), rows)


def picked(names: Iterable[Names], locale: str) -> list[str]:
    """Return the names for a locale from pairs (Chinese, English)."""
    return [pick(pair, locale) for pair in names]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 1)
