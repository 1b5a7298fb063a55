"""Settings for a purpose: what suits meetings, subtitles, calls and cutting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sensevoice.errors import OptionError
from sensevoice.options import Options

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Whole thoughts read better than lines, and people pause to think.
    "meeting": {"merge_length_s": 15.0, "merge_gap_s": 1.5, "channel": "mix"},
    # Lines are cut again by the times of the words; a short piece keeps its tags close to what they mean.
    "subtitles": {"merge_length_s": 8.0, "merge_gap_s": 0.5, "channel": "mix"},
    # Caller and agent each on a track, where there are two; a mono recording is taken as it is.
    "calls": {"merge_length_s": 15.0, "merge_gap_s": 1.0, "channel": "split"},
    # Short pieces, so that a cut lies near the moment.
    "editing": {"merge_length_s": 8.0, "merge_gap_s": 0.5, "channel": "mix"},
}
"""What each purpose sets apart from the defaults; all of them listen between the speech and use digits."""


def form_of(preset: str, defaults: Options, names: tuple[str, ...]) -> list[Any]:
    """Return the values of the form for a purpose, or for none the defaults, in the order of `names`."""
    values = replace(defaults, **PRESETS.get(preset, {})).as_dict()
    return [values[name] for name in names]


def remembered(kept: object, defaults: Options, names: tuple[str, ...]) -> list[Any]:
    """Return the values that a browser kept, or the defaults when they are none or no longer allowed."""
    try:
        options = replace(defaults, **{name: kept[name] for name in names if name in kept})  # type: ignore[index,operator]
    except (OptionError, TypeError, KeyError):
        options = defaults
    values = options.as_dict()
    return [values[name] for name in names]
