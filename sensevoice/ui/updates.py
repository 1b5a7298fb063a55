"""Screens as what gradio has to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from sensevoice.ui import markup
from sensevoice.ui.components import t
from sensevoice.ui.downloads import DOWNLOADS
from sensevoice.ui.handlers import Screen

TEXT_PART = 3
"""Where the transcript stands among the parts of a screen."""


def updates(screen: Screen) -> list[Any]:
    """Return what gradio has to change for a screen, in the order of the page's parts of a screen.

    The text stands at TEXT_PART.
    """
    keep = gr.skip()
    downloads = [keep] * len(DOWNLOADS)
    if screen.links is not None:
        links = screen.links or (None,) * len(DOWNLOADS)
        downloads = [gr.update(link=link, interactive=link is not None) for link in links]
    return [
        gr.update(visible=not screen.running),
        gr.update(value=t("cancel"), visible=screen.running, interactive=True),
        screen.notice,
        *(keep if part is None else part for part in (screen.text, screen.summary, screen.advice)),
        keep if screen.job_id is None else markup.job_mark(screen.job_id),
        *downloads,
    ]


def changes(screens: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Leave out what is the same as before: drawing a button again would undo the visitor's click on it.

    The text stays: gradio sends what was added since the screen before, and after a gap all of it again.
    """
    last: list[Any] | None = None
    for screen in screens:
        if last is None:
            yield screen
        else:
            changed = [gr.skip() if new == old else new for new, old in zip(screen, last, strict=True)]
            changed[TEXT_PART] = screen[TEXT_PART]
            yield changed
        last = screen
    if last is None:
        yield gr.skip()
