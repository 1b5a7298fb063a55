"""How to render a transcript, from the parameters of an address."""

from __future__ import annotations

from collections.abc import Mapping

from sensevoice.errors import OptionError
from sensevoice.formats.shared import RenderOptions


def render_options(wanted: Mapping[str, str]) -> RenderOptions:
    """Return the options of an export from the parameters of its address. Raises OptionError."""
    return RenderOptions(
        view=wanted.get("view", "tagged"),
        locale=wanted.get("labels", "zh"),
        traditional=wanted.get("traditional") == "1",
        captions=wanted.get("captions") == "1",
        names=wanted.get("names", "name"),
        fps=wanted.get("fps", ""),
        start_timecode=wanted.get("start_timecode", ""),
        handles_s=_number(wanted.get("handles", "0")),
        kinds=tuple(kind for kind in wanted.get("kinds", "").split(",") if kind),
        tags=wanted.get("tags", "1") == "1",
        table=wanted.get("table") == "1",
    )


def sure_only(wanted: Mapping[str, str]) -> bool:
    """Return whether a request is for what is left without the tags of which the model is unsure."""
    return wanted.get("sure") == "1"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as exc:
        raise OptionError(option="handles", value=text, allowed="0 …") from exc
