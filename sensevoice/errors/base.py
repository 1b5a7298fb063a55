"""The base of all errors, and what every part of the program may raise."""

from __future__ import annotations

import functools
import os
from typing import Any, ClassVar, dataclass_transform


@dataclass_transform(kw_only_default=True)
class SenseVoiceError(Exception):
    """Base of all errors raised on purpose.

    The annotated fields of a subclass are its keyword arguments, which the type checker knows. They are kept
    as `data` and fill the placeholders of the two message templates; a `path` also gives the placeholder
    `{name}`, its last part.
    """

    code: ClassVar[str] = "error"
    zh: ClassVar[str] = "内部错误：{reason}"
    en: ClassVar[str] = "Internal error: {reason}"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 400

    def __init__(self, **data: Any) -> None:
        if "path" in data:
            data.setdefault("name", os.path.basename(os.fspath(data["path"])) or str(data["path"]))
        self.data = data
        super().__init__(self.message("zh") + " / " + self.message("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), **self.data), ()  # to another process, with its data

    def message(self, language: str) -> str:
        """Return the sentence in "zh" or, for any other value, in English."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(self.data)


class OptionError(SenseVoiceError):
    """A setting with a value that is not allowed."""

    option: str
    value: object
    allowed: object

    code = "bad_option"
    zh = "设置 {option} 的值 {value!r} 不可用，可选：{allowed}。"
    en = "Setting {option} cannot be {value!r}; allowed: {allowed}."
    exit_code = 2


class BadVocabulary(OptionError):
    """A list of hotwords that cannot be read: in which file and line, and why, in Chinese and in English."""

    where: tuple[str, str]
    reason: tuple[str, str]

    code = "bad_hotwords"
    zh = "热词{where}：{reason}"
    en = "Hotwords{where}: {reason}"

    def message(self, language: str) -> str:
        """Return the sentence in "zh" or, for any other value, in English."""
        own = 0 if language == "zh" else 1
        data = {name: value[own] if isinstance(value, tuple) else value for name, value in self.data.items()}
        return (self.zh if language == "zh" else self.en).format_map(data)


class BadRequest(SenseVoiceError):
    """A request that the page does not make."""

    reason: object

    code = "bad_request"
    zh = "请求有误：{reason}"
    en = "This request cannot be answered: {reason}"


class BadRecord(SenseVoiceError):
    """A JSON document that cannot be read back as a transcript."""

    reason: object

    code = "bad_record"
    zh = "这不是可以读取的识别结果：{reason}"
    en = "This is not a transcript that can be read: {reason}"
    exit_code = 2


class Unexpected(SenseVoiceError):
    reference: str
    """By which the fault can be found in the log."""

    code = "internal"
    http_status = 500
    zh = "出了意外的错误，编号 {reference}，已完成的结果都已保留。请把编号告诉管理员，日志里有详细信息。"
    en = (
        "Something unexpected went wrong, reference {reference}; what was finished is kept. "
        "Tell the administrator the number, the log has the details."
    )


def first_line(error: BaseException, max_length: int = 200) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:max_length]
