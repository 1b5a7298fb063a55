"""A search that cannot be read, or an index that is not there."""

from __future__ import annotations

import os

from sensevoice.errors.base import SenseVoiceError


class BadQuery(SenseVoiceError):
    """A line that somebody typed into the search."""

    reason: tuple[str, str]
    """In Chinese and in English: it says what to type instead."""

    code = "bad_query"
    zh = "无法查找：{reason}"
    en = "This cannot be searched for: {reason}"
    exit_code = 2

    def message(self, language: str) -> str:
        reason = self.data["reason"]
        if isinstance(reason, tuple):
            reason = reason[0 if language == "zh" else 1]
        return (self.zh if language == "zh" else self.en).format(reason=reason)


class RuleNotFound(SenseVoiceError):
    rule: str

    code = "rule_not_found"
    http_status = 404
    zh = "没有这条规则，它可能已被删除。"
    en = "There is no such rule; it may have been deleted."


class IndexMissing(SenseVoiceError):
    path: str | os.PathLike[str]

    code = "index_missing"
    zh = "没有搜索索引 {path}。页面运行过后才会有；请核对 --data-dir、--port，或用 --index 指定文件。"
    en = (
        "There is no search index {path}. The page makes it when it runs; check --data-dir and --port, or "
        "name a file with --index."
    )
    exit_code = 2


class NotAnIndex(SenseVoiceError):
    """A file that was named as a search index."""

    path: str | os.PathLike[str]

    code = "not_an_index"
    zh = "“{name}”不是本版本的搜索索引。请用 sensevoice transcribe … --index 生成，或换一个文件名。"
    en = (
        "“{name}” is no search index of this version of the program. Make one with sensevoice transcribe … "
        "--index, or name another file."
    )
    exit_code = 2
