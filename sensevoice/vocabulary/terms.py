"""A vocabulary as people write it: one term a line, with how it is said and how much it weighs if need be.

    # a comment
    李清照
    单田芳|shan tian fang
    K8s|kubernetes :2

Behind `|` stands how the term is said: pinyin of as many syllables as it has Chinese characters, or words
that sound so. Behind ` :` stands the weight, as in sherpa-onnx's files; a bare number at the end of
a line belongs to the term ("Windows 11").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sensevoice.errors import BadVocabulary

MAX_TERMS = 2_000
"""Twice what was measured (docs/vocabulary.md); more words than that are a language, not a list of names."""

MAX_TERM_CHARS = 50
MAX_READING_CHARS = 100
MAX_PROSE_HAN = 12
"""Of a term in running text; Chinese has no spaces by which its words could be counted."""

MAX_FILE_BYTES = 1 << 20
MIN_WEIGHT, MAX_WEIGHT = 0.1, 5.0

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WEIGHT = re.compile(r"\s+[:：]\s*(\S*)$")
_PINYIN = re.compile(r"[a-zü]+[1-5]?(?:[ '][a-zü]+[1-5]?)*", re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """A term as it is to be written; `reading` is how it is said, "" where it is said as it is written."""

    written: str
    reading: str = ""
    weight: float = 1.0

    @property
    def line(self) -> str:
        """The term as a line of a vocabulary."""
        reading = f"|{self.reading}" if self.reading else ""
        weight = "" if self.weight == 1.0 else f" :{self.weight:g}"
        return f"{self.written}{reading}{weight}"

    @property
    def syllables(self) -> tuple[str, ...]:
        """The reading's syllables where it is pinyin, without tones; empty where it is none."""
        parts = re.split(r"[ ']", self.reading.lower())
        if not _PINYIN.fullmatch(self.reading) or len(parts) != len(HAN.findall(self.written)):
            return ()
        return tuple(part.rstrip("12345").replace("ü", "v") for part in parts)


def parse(lines: Iterable[str], place: str = "") -> tuple[Term, ...]:
    """Return the terms of a vocabulary; of two with one spelling and reading, the later counts.

    `place` is named in errors, such as the name of a file. Raises BadVocabulary with the number of the line.
    """
    terms: dict[tuple[str, str], Term] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip().lstrip("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        term = _term(text, place, number)
        terms[term.written, term.reading] = term
        if len(terms) > MAX_TERMS:
            en = f"there are more than {MAX_TERMS} terms; shorten the list."
            raise _bad(place, number, f"词条超过 {MAX_TERMS} 个，请删减。", en)
    return tuple(terms.values())


def is_term(line: str) -> bool:
    """Return whether a text could be a term; Chinese of more than MAX_PROSE_HAN characters is a sentence."""
    try:
        return len(parse([line])) == 1 and len(HAN.findall(line)) <= MAX_PROSE_HAN
    except BadVocabulary:
        return False


def read_file(path: Path) -> tuple[Term, ...]:
    """Return the terms of a text file in UTF-8. Raises BadVocabulary."""
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_FILE_BYTES else None
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise _bad(str(path), 0, f"无法读取（{reason}）。", f"it cannot be read ({reason}).") from exc
    if content is None:
        raise _bad(str(path), 0, "文件超过 1 MB，不像是热词表。", "it is larger than 1 MB: no list of terms.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise _bad(
            str(path), line, "不是 UTF-8 文本，请另存为 UTF-8。", "this is not UTF-8 text; save it as UTF-8."
        ) from exc
    return parse(text.splitlines(), str(path))


def _term(text: str, place: str, number: int) -> Term:
    """Return the term that a line holds. Raises BadVocabulary."""
    weight = 1.0
    found = _WEIGHT.search(text)
    if found:
        weight = _weight(found[1], place, number)
        text = text[: found.start()]
    parts = [" ".join(part.split()) for part in text.replace("｜", "|").split("|")]
    if len(parts) > 2:
        zh = "有多个“|”，只能写成 写法|读音。"
        raise _bad(place, number, zh, "there is more than one “|”; write it as term|reading.")
    written, reading = parts[0], parts[1] if len(parts) == 2 else ""
    _check(written, MAX_TERM_CHARS, place, number)
    if len(parts) == 2:
        _check(reading, MAX_READING_CHARS, place, number)
    return Term(written, "" if reading == written else reading, weight)


def _check(text: str, most_chars: int, place: str, number: int) -> None:
    if len(text) > most_chars:
        zh = f"“{text[:20]}…”超过 {most_chars} 个字，一行只写一个词。"
        en = f"“{text[:20]}…” is longer than {most_chars} characters; write one term a line."
        raise _bad(place, number, zh, en)
    if not any(char.isalnum() for char in text) or not text.isprintable():
        shown = "".join(char if char.isprintable() else "?" for char in text)
        zh, en = f"“{shown}”里没有可识别的文字。", f"“{shown}” holds no letters that can be recognised."
        raise _bad(place, number, zh, en)


def _weight(text: str, place: str, number: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
        shown = text[:20]
        raise _bad(
            place,
            number,
            f"权重“{shown}”应为 {MIN_WEIGHT:g} 到 {MAX_WEIGHT:g} 的数字，例如“ :2”。",
            f"the weight “{shown}” has to be a number from {MIN_WEIGHT:g} to {MAX_WEIGHT:g}, such as “ :2”.",
        )
    return weight


def _bad(place: str, line: int, zh: str, en: str) -> BadVocabulary:
    """Return the error about a line of a list, or about all of it where `line` is 0."""
    return BadVocabulary(
        option="hotwords",
        value="",
        allowed="",
        where=(
            (f"“{place}”" if place else "") + (f"第 {line} 行" if line else ""),
            (f" “{place}”" if place else "") + (f", line {line}" if line else ""),
        ),
        reason=(zh, en),
    )
