"""The colours of labels: white text on them is read, the map shows them, light or dark, and they differ."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from tests.conftest import ROOT

PALETTE: dict[str, str] = json.loads((ROOT / "sensevoice/web/palette.json").read_text("utf-8"))

LIGHT, DARK = "#fafafa", "#18181b"
"""The ground of the map: gradio's secondary background."""

PLAIN = "NEUTRAL"
"""The ground of all moods, which nothing is written on, and which is to stand back."""


def luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", [name for name in PALETTE if name != PLAIN])
def test_white_text_on_a_colour_and_the_colour_on_the_map_can_be_seen(name: str) -> None:
    """4.5:1 for text, 3:1 for what is to be recognised (WCAG 1.4.3 and 1.4.11)."""
    color = PALETTE[name]
    assert contrast(color, "#ffffff") >= 4.5
    assert contrast(color, LIGHT) >= 3
    assert contrast(color, DARK) >= 3


def test_no_two_labels_look_alike() -> None:
    for (one, its), (other, others) in combinations(PALETTE.items(), 2):
        apart = sum(abs(int(its[at : at + 2], 16) - int(others[at : at + 2], 16)) for at in (1, 3, 5))
        assert apart >= 24, (one, other)
