"""In which language a reader is told something, and the strings of web/tables filled in."""

from __future__ import annotations

from html import escape
from typing import Literal

from sensevoice.formats import VIEWS
from sensevoice.options import CHANNELS, LANGUAGES, MAX_SPEAKERS
from sensevoice.ui.settings import DemoInfo, PageSettings
from sensevoice.ui.traditional import traditional
from sensevoice.web.texts import texts

Locale = Literal["zh", "zh-Hant", "en"]
"""What a page is shown in; the texts of zh-Hant are those of zh in traditional characters."""

LOCALES: tuple[Locale, ...] = ("zh", "en")
"""In which texts and labels are written."""

I18N_PREFIX = "sv_"
"""Keeps the keys apart from gradio's own, of which some are groups ("file")."""

STATIC = {
    **texts("shared"),
    **texts("languages"),
    **texts("page"),
    **{f"speakers_{count}": (f"{count} 人", f"{count} people") for count in range(2, MAX_SPEAKERS + 1)},
}
"""Strings that the browser inserts in its own language; keys of settings are the names of Options."""

OF_GRADIO = texts("gradio")
"""Texts of ours in place of gradio's own (6.31), by its keys: on a phone nothing can be dropped."""

SPOKEN = texts("server")
"""Strings that the server fills in and sends, with placeholders."""

PAGE_LANGUAGES = tuple(language for language in LANGUAGES if language != "nospeech")
"""`nospeech` is a label that the model gives, not a language to choose."""

CHOICES = {
    "language": PAGE_LANGUAGES,
    "speakers": ("off", "auto", *(str(count) for count in range(1, MAX_SPEAKERS + 1))),
    "channel": CHANNELS,
    "view": VIEWS,
    "labels": LOCALES,
}
"""Dropdown → its choices; the text of a choice has the key NAME_VALUE."""

GRADIO_LOCALES: dict[str, Locale] = {"en": "en", "zh-CN": "zh", "zh-TW": "zh-Hant"}
"""The tags under which gradio's page (6.31) knows ours; page_head.py gives it one of these for any other."""

TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
"""How the tags of those begin who read traditional characters; the same as in page_head.py."""


def locale_of(accept_language: str | None) -> Locale:
    """Return the locale for an Accept-Language header, Chinese when there is none.

    By the browser's first language, as in the script of page_head.py, so that labels and sentences are
    always in one language.
    """
    first = (accept_language or "zh-CN").split(",")[0].split(";")[0].strip().lower()
    if first.split("-")[0] != "zh":
        return "en"
    return "zh-Hant" if first.startswith(TRADITIONAL) else "zh"


def labels_of(locale: Locale) -> Literal["zh", "en"]:
    """Return in which language the labels in a transcript are for a reader."""
    return "en" if locale == "en" else "zh"


def in_locale(zh: str, en: str, locale: Locale) -> str:
    """Return a sentence of ours, or a text with placeholders, as a reader is told it."""
    if locale == "en":
        return en
    return traditional(zh) if locale == "zh-Hant" else zh


def translate(key: str, locale: Locale, **values: object) -> str:
    """Return a string of STATIC or SPOKEN with its placeholders filled."""
    zh, en = SPOKEN[key] if key in SPOKEN else STATIC[key]
    return in_locale(zh, en, locale).format(**values)


def duration(ms: float, locale: Locale) -> str:
    """Return a length of time in words: "0.4 秒", "22 秒", "3 分 05 秒", "1 小时 02 分".

    What has not passed yet is not counted, as on a clock: the player beside it says the same.
    """
    if ms < 10_000:
        return translate("seconds", locale, seconds=f"{max(1, ms // 100) / 10:.1f}".removesuffix(".0"))
    seconds = int(ms // 1000)
    if seconds < 60:
        return translate("seconds", locale, seconds=seconds)
    if seconds < 3600:
        return translate("minutes", locale, minutes=seconds // 60, seconds=seconds % 60)
    minutes = seconds // 60
    return translate("hours", locale, hours=minutes // 60, minutes=minutes % 60)


def size(mb: int) -> str:
    """Return megabytes as people read them: "500 MB", "2 GB", "2.5 GB"."""
    return f"{mb} MB" if mb < 1024 else f"{mb / 1024:.3g} GB"


def translations(settings: PageSettings) -> dict[str, dict[str, str]]:
    """Return the static strings by the browser's language, for gr.I18n."""
    return {tag: _static(settings, locale) for tag, locale in GRADIO_LOCALES.items()}


def _static(settings: PageSettings, locale: Locale) -> dict[str, str]:
    upload = size(settings.max_upload_mb)
    texts = {key: in_locale(*pair, locale).replace("{max_upload}", upload) for key, pair in STATIC.items()}
    texts["header"] = f"<h1>{texts['heading']}</h1><p>{texts['tagline']}</p>"
    if settings.demo:
        texts["demo"] = _demo_banner(settings.demo, locale)
    for number, sample in enumerate(settings.samples):
        texts[f"sample_{number}"] = in_locale(sample.title_zh, sample.title_en, locale)
    ours = {I18N_PREFIX + key: text for key, text in texts.items()}
    return ours | {key: in_locale(*pair, locale) for key, pair in OF_GRADIO.items()}


def _demo_banner(demo: DemoInfo, locale: Locale) -> str:
    rows = "".join(f'<li lang="{escape(lang)}">{escape(text)}</li>' for lang, text in demo.sentences)
    title = translate("demo_list", locale, count=len(demo.sentences))
    banner = translate("demo_banner", locale)
    return f"<p>{banner}</p><details><summary>{title}</summary><ul>{rows}</ul></details>"
