"""The check is about text: what is compared, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sensevoice.models.graphs.agreement import Agreement, Answer, Bounds, compare, edit_distance
from sensevoice.models.graphs.candidates import (
    EXACT,
    VNNI,
    WITH_VNNI,
    WITHOUT_VNNI,
    bounds_of,
    candidates,
    cpu_flags,
)

HEAD = [11, 12, 13, 14]
CLIP = Answer(np.array([*HEAD, *range(100, 496)]), "<|zh|><|HAPPY|><|Speech|><|withitn|>" + "字" * 400)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("开饭时间", "开时间吧", 2)],
)
def test_edit_distance(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


def test_the_same_answers_agree() -> None:
    assert compare([CLIP], [CLIP]) == Agreement(1.0, 0.0, 0)


@pytest.mark.parametrize("place", range(4))
def test_one_other_tag_is_refused(place: int) -> None:
    best = CLIP.best.copy()
    best[place] = 99
    result = compare([CLIP] * 20, [*[CLIP] * 19, Answer(best, CLIP.text)])
    assert result.other_tags == 1 and not result.is_within(Bounds(0.0, 1.0))


def test_frames_are_counted_over_all_clips_and_missing_ones_are_wrong() -> None:
    cut = Answer(CLIP.best[:200], CLIP.text)
    assert compare([CLIP, CLIP], [CLIP, cut]).tokens == 0.75
    assert compare([cut], [CLIP]).tokens == 0.5


def test_text_is_compared_without_its_tags() -> None:
    assert compare([CLIP], [Answer(CLIP.best, CLIP.text[:-2])]).characters == 2 / 400
    assert compare([CLIP], [Answer(CLIP.best, CLIP.text + "啊")]).is_within(WITHOUT_VNNI)


@pytest.mark.parametrize(
    ("asked", "flags", "expected"),
    [
        ("auto", {"avx512_vnni", "avx2"}, ("int8", "fp32")),
        ("auto", {"avx_vnni", "avx2"}, ("int8", "fp32")),
        ("auto", {"asimddp"}, ("int8", "fp32")),
        ("auto", {"avx2", "avx512f"}, ("uint8_tensor", "uint8", "int8_7bit", "fp32")),
        ("auto", set(), ("fp32",)),
        ("fp32", {"avx512_vnni"}, ("fp32",)),
        ("int8", {"avx512_vnni"}, ("int8",)),
        ("int8", {"avx2"}, ("uint8_tensor", "uint8", "int8_7bit")),
    ],
)
def test_what_a_processor_can_have(asked: str, flags: set[str], expected: tuple[str, ...]) -> None:
    assert candidates(asked, frozenset(flags)) == expected


def test_how_near_each_has_to_be() -> None:
    assert bounds_of("fp32", VNNI) == EXACT
    assert bounds_of("int8", frozenset({"avx_vnni"})) == WITH_VNNI
    assert bounds_of("uint8", frozenset({"avx2"})) == WITHOUT_VNNI


def test_the_flags_of_this_processor_are_read() -> None:
    assert cpu_flags()
