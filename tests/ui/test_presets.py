"""What the form shows: presets, and what the browser remembers."""

from __future__ import annotations

import pytest

from sensevoice.options import Options
from sensevoice.ui.presets import form_of, preset_of, remembered
from sensevoice.ui.settings_form import FORM

DEFAULTS = Options(hotwords=("李清照", "K8s|kubernetes"))


def named(values: list[object]) -> dict[str, object]:
    return dict(zip(FORM, values, strict=True))


def test_hotwords_are_shown_as_one_text_and_say_nothing_of_a_preset() -> None:
    values = named(form_of("meeting", DEFAULTS, FORM))
    assert values["hotwords"] == "李清照\nK8s|kubernetes"
    assert preset_of({**values, "hotwords": "别的"}, DEFAULTS) == "meeting"


@pytest.mark.parametrize("typed", ["# 名字\n李清照", "甲|乙|丙", ""])
def test_the_browser_keeps_hotwords_as_they_were_typed(typed: str) -> None:
    values = named(remembered({"hotwords": typed, "merge_gap_s": 2.5}, DEFAULTS, FORM))
    assert (values["hotwords"], values["merge_gap_s"]) == (typed, 2.5)


@pytest.mark.parametrize("kept", [None, {}, {"hotwords": 7}, [1]])
def test_without_any_those_of_the_server_are_shown(kept: object) -> None:
    assert named(remembered(kept, DEFAULTS, FORM))["hotwords"] == "李清照\nK8s|kubernetes"
