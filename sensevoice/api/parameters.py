"""What a client asks for: the fields of a form, or of a JSON object, and the settings that they mean.

Fields and values: OpenAI's API reference, "Create transcription". Lists may be named with or without [].
`keywords` and the terms in `prompt` are a vocabulary, beside the one that the program was started with.
`model`, `temperature`, `chunking_strategy`, `include` and `known_speaker_*` are accepted, and change nothing.
A job may also be given the settings of the page, by the names of Options.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from sensevoice.access.http.json_bodies import read_object
from sensevoice.errors import OptionError
from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.vocabulary.terms import is_term

RESPONSE_FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")

GRANULARITIES = ("segment", "word")

LANGUAGE_NAMES = {"chinese": "zh", "mandarin": "zh", "english": "en", "cantonese": "yue"} | {
    "japanese": "ja",
    "korean": "ko",
}
"""Whisper's names of the languages, which some clients send in place of codes."""

MAX_PROMPT_WORDS = 5
"""Words between two commas of a prompt that still are a term: more are a sentence."""

FLAGS = ("use_itn", "ban_emo_unk", "sounds", "word_times", "keep_numbers")
NUMBERS = ("pause_ms", "merge_length_s", "merge_gap_s", "batch_size_s", "track")
TEXTS = ("merge", "channel", "speakers", "raw_format")
"""The settings of Options that a job may be given, by how they are written."""

MAX_FIELDS = 200

MAX_FIELD_BYTES = 64 << 10
"""Of anything but the file; all of them are held in memory."""

MAX_VALUE_CHARS = 2000
"""No value that means anything is longer but for lists of terms."""


@dataclass(frozen=True)
class Parameters:
    """A request; `word_times` asks for the words of verbose_json."""

    file: UploadFile
    options: Options
    response_format: str = "json"
    stream: bool = False
    word_times: bool = False
    segment_times: bool = True


@dataclass(frozen=True)
class JobParameters:
    """A request for a job: an upload, or in place of it the name of a recording below --media-dir."""

    file: UploadFile | None
    media: str
    options: Options
    webhook_url: str = ""


@asynccontextmanager
async def read_form(request: Request, or_json: bool = False) -> AsyncIterator[FormData]:
    """Yield the fields of a request, those of a JSON object on demand; nothing of any other body is read.

    Forms without files would be held in memory however long they are. Raises MultiPartException, BadRequest,
    OptionError.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        limits = {"max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD_BYTES}
        async with request.form(max_files=1, **limits) as form:
            yield form
    elif or_json and kind == "application/json":
        yield form_of(await read_object(request))
    else:
        yield FormData()


def form_of(body: Mapping[str, object]) -> FormData:
    """Return the fields of a JSON object as a form has them. Raises OptionError for what no form can have."""
    return FormData(
        [
            (name, _written(name, item))
            for name, value in body.items()
            for item in (value if isinstance(value, list) else [value])
        ]
    )


def _written(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise OptionError(option=name[:100], value="{…}", allowed="text, a number, true, false / 文本、数字")


def parameters_of(form: FormData, defaults: Options) -> Parameters:
    """Return what a form asks for. Raises OptionError, which names the field."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise _file_missing(form, "a file in multipart/form-data / 一个文件")
    wanted, granularities = _response_format(form), _granularities(form)
    options = replace(_options(form, defaults), speakers="auto" if wanted == "diarized_json" else "off")
    return Parameters(
        file,
        options,
        wanted,
        stream=_flag(form, "stream"),
        word_times="word" in granularities,
        segment_times="segment" in granularities,
    )


def job_parameters_of(form: FormData, defaults: Options) -> JobParameters:
    """Return what a form asks for that creates a job. Raises OptionError, which names the field."""
    file, media = form.get("file"), _text(form, "media")
    upload = file if isinstance(file, UploadFile) else None
    if (upload is None) != bool(media):
        raise _file_missing(form, "a file in multipart/form-data, or media / 一个文件，或 media")
    _granularities(form)
    if _flag(form, "stream"):
        raise OptionError(option="stream", value=True, allowed="false: /v1/jobs/ID/rows")
    diarized = {"speakers": "auto"} if _response_format(form) == "diarized_json" else {}
    options = replace(_options(form, defaults), **{**diarized, **_settings(form)})
    return JobParameters(upload, media, options, _text(form, "webhook_url"))


def _file_missing(form: FormData, allowed: str) -> OptionError:
    return OptionError(option="file", value=_text(form, "file")[:100], allowed=allowed)


def _response_format(form: FormData) -> str:
    wanted = _text(form, "response_format") or "json"
    if wanted not in RESPONSE_FORMATS:
        raise OptionError(option="response_format", value=wanted, allowed=", ".join(RESPONSE_FORMATS))
    return wanted


def _granularities(form: FormData) -> list[str]:
    granularities = _list(form, "timestamp_granularities") or ["segment"]
    for value in granularities:
        if value not in GRANULARITIES:
            raise OptionError(option="timestamp_granularities", value=value, allowed=", ".join(GRANULARITIES))
    return granularities


def _options(form: FormData, defaults: Options) -> Options:
    language = _text(form, "language")
    among = [language_of("languages", code) for code in _list(form, "languages")]
    options = replace(defaults, language=language_of("language", language) if language else "auto")
    options = replace(options, among=tuple(among)) if among else options
    return replace(options, hotwords=(*options.hotwords, *_keywords(form), *_terms_in(form)))


def _keywords(form: FormData) -> list[str]:
    """Return the terms in all fields of that name: one a line, or between commas."""
    values = [*form.getlist("keywords"), *form.getlist("keywords[]")]
    return [part for value in values if isinstance(value, str) for part in re.split(r"[,，\r\n]+", value)]


def _terms_in(form: FormData) -> list[str]:
    """Return the terms in the prompt: what stands between commas, semicolons and ends of lines.

    Sentences, which Whisper takes as the text before the recording, are passed over; so is what is no term.
    """
    prompt = form.get("prompt")
    parts = re.split(r"[,，、;；\r\n]+", prompt if isinstance(prompt, str) else "")
    stripped = [part.strip(' \t.。“”"') for part in parts]
    return [part for part in stripped if part and len(part.split()) <= MAX_PROMPT_WORDS and is_term(part)]


def _settings(form: FormData) -> dict[str, Any]:
    """Return the settings of Options that a form has; Options itself says which values are allowed."""
    values: dict[str, Any] = {name: _flag(form, name) for name in FLAGS if _text(form, name)}
    values |= {name: _number(form, name) for name in NUMBERS if _text(form, name)}
    values |= {name: _text(form, name) for name in TEXTS if _text(form, name)}
    hotwords = form.get("hotwords")
    return {**values, "hotwords": hotwords} if isinstance(hotwords, str) else values


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
    return value.strip()[:MAX_VALUE_CHARS] if isinstance(value, str) else ""


def _list(form: FormData, name: str) -> list[str]:
    values = [*form.getlist(name), *form.getlist(f"{name}[]")]
    cut = [value[:MAX_VALUE_CHARS] for value in values if isinstance(value, str)]
    return [part.strip() for value in cut for part in value.split(",") if part]


def _flag(form: FormData, name: str) -> bool:
    value = _text(form, name).lower()
    if value not in ("", "true", "false", "1", "0"):
        raise OptionError(option=name, value=value, allowed="true, false")
    return value in ("true", "1")


def _number(form: FormData, name: str) -> float:
    """Return a number, a whole one as int; the default track is number 0."""
    value = _text(form, name)
    if name == "track" and value == "default":
        return 0
    try:
        number = float(value)
    except ValueError as exc:
        raise OptionError(option=name, value=value, allowed="a number / 数字") from exc
    return int(number) if number.is_integer() else number
