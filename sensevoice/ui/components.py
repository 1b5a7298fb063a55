"""The components of the page's settings, each with its words by the browser's language."""

from __future__ import annotations

from functools import cache
from typing import Any

import gradio as gr

from sensevoice.options import MAX_SEGMENT_S
from sensevoice.ui.i18n import CHOICES, I18N_PREFIX


@cache
def t(key: str) -> Any:
    """Return a placeholder that the page replaces by the string of this key; the same one each time.

    gradio's placeholders are only equal to themselves, and screens are compared.
    """
    return gr.I18n()(I18N_PREFIX + key)


def dropdown(name: str, value: str, **more: Any) -> gr.Dropdown:
    """Return a dropdown of the CHOICES of this name."""
    choices = [(t(f"{name}_{choice}"), choice) for choice in CHOICES[name]]
    return gr.Dropdown(choices, value=value, label=t(name), filterable=False, elem_id=f"sv-{name}", **more)


def slider(name: str, value: float, step: float) -> gr.Slider:
    """Return a slider for a setting in seconds, of which none may exceed the longest segment."""
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
    """Return a checkbox with a sentence of help."""
    return gr.Checkbox(value, label=t(name), info=t(f"{name}_help"), elem_id=f"sv-{name}")
