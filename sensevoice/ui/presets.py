"""Presets: options that suit meetings, subtitles, calls and video editing."""

from __future__ import annotations

from collections.abc import Mapping

from sensevoice.errors import OptionError
from sensevoice.options import Options
from sensevoice.ui.settings import options_with

PRESETS: Mapping[str, Mapping[str, object]] = {
    # Whole thoughts read better than lines, and speakers pause to think.
    "meeting": {"merge_length_s": 15.0, "merge_gap_s": 1.5, "channel": "mix"},
    # Lines are cut again by word times; in a short segment the tags are close to the words they describe.
    "subtitles": {"merge_length_s": 8.0, "merge_gap_s": 0.5, "channel": "mix"},
    # Caller and agent, each on a channel of its own; a mono recording is taken as it is.
    "calls": {"merge_length_s": 15.0, "merge_gap_s": 1.0, "channel": "split"},
    # Short segments, so that a cut is close to the moment.
    "editing": {"merge_length_s": 8.0, "merge_gap_s": 0.5, "channel": "mix"},
}
"""Preset → options that differ from the defaults, of which all presets keep sounds and digits."""


OWN = ("language", "hotwords")
"""Settings that say nothing of a preset."""


def form_of(preset: str, defaults: Options, names: tuple[str, ...]) -> list[object]:
    """Return the form's values for a preset, the defaults for an unknown one, in the order of `names`."""
    return _values(options_with(defaults, PRESETS.get(preset, {})), names)


def _values(options: Options, names: tuple[str, ...]) -> list[object]:
    """Return the values of options as the form shows them: hotwords are one text."""
    values = {**options.as_dict(), "hotwords": "\n".join(options.hotwords)}
    return [values[name] for name in names]


def preset_of(values: Mapping[str, object], defaults: Options) -> str:
    """Return the preset that gives these values of the form, "none" for the defaults, "own" for none."""
    for name in ("none", *PRESETS):
        wanted = options_with(defaults, PRESETS.get(name, {})).as_dict()
        if all(wanted[key] == value for key, value in values.items() if key not in OWN):
            return name
    return "own"


def remembered(kept: object, defaults: Options, names: tuple[str, ...]) -> list[object]:
    """Return the values that the browser stored, the defaults when there are none or some are not allowed.

    Hotwords stay as they were typed: whoever starts with a wrong line is told which one it is.
    """
    stored = kept if isinstance(kept, dict) else {}
    try:
        known = {name: stored[name] for name in names if name in stored and name != "hotwords"}
        options = options_with(defaults, known)
    except (OptionError, TypeError):
        options = defaults
    values = dict(zip(names, _values(options, names), strict=True))
    typed = stored.get("hotwords")
    return [*({**values, "hotwords": typed} if isinstance(typed, str) else values).values()]
