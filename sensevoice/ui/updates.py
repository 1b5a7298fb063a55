"""Screens as updates of gradio's components."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from sensevoice.ui import markup
from sensevoice.ui.components import t
from sensevoice.ui.handlers import Screen

TEXT_PART, MARK_PART = 3, 5
"""The places of the transcript, and of what it is, among the parts of a screen."""


def updates(screen: Screen) -> list[object]:
    """Return the updates for a screen, in the order of the page's parts; the text is at TEXT_PART."""
    keep = gr.skip()
    return [
        gr.update(visible=not screen.running),
        gr.update(value=t("cancel"), visible=screen.running, interactive=True),
        screen.notice,
        *(keep if part is None else part for part in (screen.text, screen.summary)),
        keep if screen.mark is None else markup.text_mark(screen.mark),
    ]


def changes(screens: Iterator[list[object]]) -> Iterator[list[object]]:
    """Yield screens without the parts that have not changed: redrawing a button would undo a click on it.

    The text stays, with its mark: gradio sends only what was added to the last screen's, and after a gap all
    of it.
    """
    last: list[object] | None = None
    for screen in screens:
        if last is None:
            yield screen
        else:
            changed = [gr.skip() if new == old else new for new, old in zip(screen, last, strict=True)]
            for part in (TEXT_PART, MARK_PART):
                changed[part] = screen[part]
            yield changed
        last = screen
    if last is None:
        yield gr.skip()
