"""What a client asks for: the form of `POST /v1/audio/transcriptions`.

Fields and values: OpenAI's API reference, "Create transcription". Lists may be named with or without [].
`model`, `temperature`, `prompt`, `keywords`, `chunking_strategy`, `include` and `known_speaker_*` are
accepted, and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.datastructures import FormData, UploadFile

from sensevoice.errors import OptionError
from sensevoice.options import SPOKEN_LANGUAGES, Options

RESPONSE_FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")

GRANULARITIES = ("segment", "word")

LANGUAGE_NAMES = {"chinese": "zh", "mandarin": "zh", "english": "en", "cantonese": "yue"} | {
    "japanese": "ja",
    "korean": "ko",
}
"""Whisper's names of the languages, which some clients send in place of codes."""


@dataclass(frozen=True)
class Parameters:
    """A request; `word_times` asks for the words of verbose_json."""

    file: UploadFile
    options: Options
    response_format: str = "json"
    stream: bool = False
    word_times: bool = False
    segment_times: bool = True


def parameters_of(form: FormData, defaults: Options) -> Parameters:
    """Return what a form asks for. Raises OptionError, which names the field."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise OptionError(option="file", value=file, allowed="a file in multipart/form-data / 一个文件")
    wanted = _text(form, "response_format") or "json"
    if wanted not in RESPONSE_FORMATS:
        raise OptionError(option="response_format", value=wanted, allowed=", ".join(RESPONSE_FORMATS))
    granularities = _list(form, "timestamp_granularities") or ["segment"]
    for value in granularities:
        if value not in GRANULARITIES:
            raise OptionError(option="timestamp_granularities", value=value, allowed=", ".join(GRANULARITIES))
    options = replace(_options(form, defaults), speakers="auto" if wanted == "diarized_json" else "off")
    return Parameters(
        file,
        options,
        wanted,
        stream=_flag(form, "stream"),
        word_times="word" in granularities,
        segment_times="segment" in granularities,
    )


def _options(form: FormData, defaults: Options) -> Options:
    language = _text(form, "language")
    among = [language_of("languages", code) for code in _list(form, "languages")]
    options = replace(defaults, language=language_of("language", language) if language else "auto")
    return replace(options, among=tuple(among)) if among else options


def language_of(field: str, value: str) -> str:
    """Return the language that a client names by ISO 639, with or without a region, or in English."""
    name = value.strip().lower().replace("_", "-")
    code = LANGUAGE_NAMES.get(name, name.partition("-")[0])
    code = "yue" if name in ("zh-hk", "zh-yue") else code
    if code == "auto":
        return code
    if code not in SPOKEN_LANGUAGES:
        raise OptionError(option=field, value=value, allowed=", ".join(SPOKEN_LANGUAGES))
    return code


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(form: FormData, name: str) -> list[str]:
    values = [*form.getlist(name), *form.getlist(f"{name}[]")]
    return [part.strip() for value in values if isinstance(value, str) for part in value.split(",") if part]


def _flag(form: FormData, name: str) -> bool:
    value = _text(form, name).lower()
    if value not in ("", "true", "false", "1", "0"):
        raise OptionError(option=name, value=value, allowed="true, false")
    return value in ("true", "1")
