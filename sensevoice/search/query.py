"""A line as somebody types it, such as `退款 情绪:愤怒 -测试`, as a value. Nothing here knows SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sensevoice.errors import BadQuery
from sensevoice.search.times import Days, days, seconds_ms
from sensevoice.search.tokens import folded
from sensevoice.search.vocabulary import KEY_OF, SHOWN, SHOWN_KEYS, TAGS

MAX_CHARS = 500
MAX_TERMS = 32
"""More than anybody types; each is a step of the search."""

QUOTES = {'"': '"', "“": "”", "”": "”", "「": "」", "『": "』", "＂": "＂"}
_COLONS = ":："
_MINUSES = "-－−"
_COMMAS = re.compile(r"[,，、]")


@dataclass(frozen=True)
class Words:
    """A row whose text holds this, folded."""

    text: str
    excluded: bool = False


@dataclass(frozen=True)
class Tagged:
    """A row with one of these: tags of a kind, or for "speaker" and "file" pieces of folded names."""

    kind: str
    names: tuple[str, ...]
    excluded: bool = False


@dataclass(frozen=True)
class Lasting:
    """A row that lasts at least, or less than, so many milliseconds."""

    at_least_ms: int = 0
    below_ms: int | None = None
    excluded: bool = False


@dataclass(frozen=True)
class Made:
    """A row of a recording that came at a time from `days.start` on, and before `days.end`."""

    days: Days
    excluded: bool = False


Term = Words | Tagged | Lasting | Made


@dataclass(frozen=True)
class Query:
    """What rows have to be like, all of it; `text` is the line itself."""

    text: str
    terms: tuple[Term, ...]


def parse(line: str, now: datetime | None = None) -> Query:
    """Return what a line asks for; `now` (local time) is what its days are counted from.

    Raises BadQuery, a sentence that says what is wrong and what to type instead.
    """
    if len(line) > MAX_CHARS:
        raise BadQuery(
            reason=(f"超过 {MAX_CHARS} 个字符，请缩短。", f"over {MAX_CHARS} characters; shorten it."),
        )
    terms = tuple(_term(word, now or datetime.now()) for word in _split(line))
    if not terms:
        raise BadQuery(
            reason=(
                "请输入要找的内容，例如：退款 情绪:愤怒 -测试",
                "Type what to look for, such as: refund mood:angry -test",
            ),
        )
    if len(terms) > MAX_TERMS:
        raise BadQuery(reason=(f"条件太多，最多 {MAX_TERMS} 个。", f"too many terms; at most {MAX_TERMS}."))
    return Query(line, terms)


@dataclass(frozen=True)
class _Typed:
    """One term as it was typed; `quoted` when its value stands between quotation marks."""

    key: str
    value: str
    excluded: bool
    quoted: bool


def _split(line: str) -> Iterator[_Typed]:
    """Yield the terms of a line. Raises BadQuery for a quotation mark that is not closed."""
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        excluded = line[at] in _MINUSES
        at += excluded
        key, at = _key(line, at)
        if at < len(line) and line[at] in QUOTES:
            end = line.find(QUOTES[line[at]], at + 1)
            if end < 0:
                raise BadQuery(
                    reason=(
                        f"引号没有闭合：{line[at : at + 30]}",
                        f"a quotation mark is not closed: {line[at : at + 30]}",
                    ),
                )
            value, at, quoted = line[at + 1 : end], end + 1, True
        else:
            end = next((place for place in range(at, len(line)) if line[place].isspace()), len(line))
            value, at, quoted = line[at:end], end, False
        yield _Typed(key, value, excluded, quoted)


_KEY = re.compile(rf"([^\W\d_]+)[{_COLONS}](?!//)")


def _key(line: str, at: int) -> tuple[str, int]:
    """Return the key that stands at a place, "" for none, and where what follows begins."""
    match = _KEY.match(line, at)
    return (match[1], match.end()) if match else ("", at)


def _term(typed: _Typed, now: datetime) -> Term:
    if not typed.key:
        return Words(_needed(typed.value, typed), typed.excluded)
    key = KEY_OF.get(folded(typed.key))
    if key is None:
        raise BadQuery(
            reason=(
                f"没有“{typed.key}:”这个条件。可用：{SHOWN_KEYS['zh']}。"
                f'要找这几个字，请加引号："{typed.key}:{typed.value}"',
                f"there is no “{typed.key}:”. There are: {SHOWN_KEYS['en']}. "
                f'To look for the words themselves, quote them: "{typed.key}:{typed.value}"',
            ),
        )
    value = _needed(typed.value, typed)
    if key in ("longer", "shorter"):
        length_ms = seconds_ms(value)
        return (
            Lasting(length_ms, None, typed.excluded)
            if key == "longer"
            else Lasting(0, length_ms, typed.excluded)
        )
    if key in ("after", "before", "date"):
        return Made(_days(key, value, now), typed.excluded)
    return Tagged(key, _names(key, typed), typed.excluded)


def _needed(value: str, typed: _Typed) -> str:
    """Return a value as it is compared. Raises BadQuery for an empty one."""
    text = folded(value)
    if not text:
        before = f"{typed.key}:" if typed.key else "-" if typed.excluded else '""'
        raise BadQuery(reason=(f"“{before}”后面缺少内容。", f"something is missing behind “{before}”."))
    return text


def _names(kind: str, typed: _Typed) -> tuple[str, ...]:
    """Return the names in a value, of which any will do. Raises BadQuery for a tag that is not known."""
    given = [typed.value] if typed.quoted else [part for part in _COMMAS.split(typed.value) if part.strip()]
    names = [folded(name) for name in given or [typed.value]]
    if kind in ("speaker", "file"):
        return tuple(names)
    return tuple(_tag(kind, name, typed) for name in names)


def _tag(kind: str, name: str, typed: _Typed) -> str:
    if kind == "channel" and name.isdecimal():
        return str(int(name))
    tag = TAGS[kind].get(name)
    if tag is None:
        zh, en = SHOWN[kind]
        raise BadQuery(
            reason=(
                f"“{typed.key}:”不能是“{name}”。可用：{zh}。",
                f"“{typed.key}:” cannot be “{name}”. There are: {en}.",
            ),
        )
    return tag


def _days(key: str, value: str, now: datetime) -> Days:
    """Return the time that a recording is to be of: `after` begins with its day, `before` ends before it."""
    found = days(value, now)
    if key == "after":
        return Days(found.start, None)
    return Days(None, found.start) if key == "before" else found
