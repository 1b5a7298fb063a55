"""Components of the settings, labelled in the browser's language."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypedDict

import gradio as gr
from gradio.i18n import I18nData

from sensevoice.options import MAX_SEGMENT_S
from sensevoice.ui.i18n import CHOICES, I18N_PREFIX

MIN_WIDTH_PX = 160
"""gradio's own default."""


class EventArguments(TypedDict, total=False):
    """Arguments of gradio's events that the page uses."""

    api_visibility: Literal["private"]
    show_progress: Literal["hidden"]
    queue: bool


class ChoiceArguments(EventArguments):
    """Those of events of which the last counts, also while the one before is being answered."""

    trigger_mode: Literal["always_last"]


@cache
def t(key: str) -> I18nData:
    """Return a placeholder that the page replaces by the string of this key; the same one each time.

    gradio's placeholders are only equal to themselves, and screens are compared.
    """
    return gr.I18n()(I18N_PREFIX + key)


def dropdown(
    name: str, value: str, info: I18nData | None = None, min_width: int = MIN_WIDTH_PX
) -> gr.Dropdown:
    """Return a dropdown with the CHOICES of this name."""
    return gr.Dropdown(
        [(t(f"{name}_{choice}"), choice) for choice in CHOICES[name]],
        value=value,
        label=t(name),
        info=info,
        min_width=min_width,
        filterable=False,
        elem_id=f"sv-{name}",
    )


def radio(name: str, value: str) -> gr.Radio:
    """Return a choice of a few with the CHOICES of this name."""
    choices = [(t(f"{name}_{choice}"), choice) for choice in CHOICES[name]]
    return gr.Radio(choices, value=value, label=t(name), elem_id=f"sv-{name}")


def slider(name: str, value: float, step: float) -> gr.Slider:
    """Return a slider for an option in seconds, up to the length of the longest segment."""
    return gr.Slider(
        0,
        MAX_SEGMENT_S,
        value,
        step=step,
        label=t(name),
        info=t(f"{name}_help"),
        elem_id=f"sv-{name}",
    )


def checkbox(name: str, value: bool) -> gr.Checkbox:
    """Return a checkbox with its help text."""
    return gr.Checkbox(value, label=t(name), info=t(f"{name}_help"), elem_id=f"sv-{name}")
