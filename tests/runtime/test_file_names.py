"""File names that every file system takes."""

from __future__ import annotations

import pytest

from sensevoice.runtime.file_names import MAX_NAME_BYTES, cut_to_bytes, short_name, short_stem


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("周会.v2.mp4", "周会.v2.mp4"),
        ("", "x"),
        ("长" * 300 + ".wav", "长" * 65 + ".wav"),
        ("😀" * 100 + ".m4a", "😀" * 49 + ".m4a"),
        ("a." + "b" * 300, "a." + "b" * 19),
        ("caf\udce9.wav", "caf?.wav"),
    ],
)
def test_a_long_name_keeps_its_extension_and_whole_characters(name: str, short: str) -> None:
    assert short_name(name, "x") == short
    assert len(short.encode()) <= MAX_NAME_BYTES


def test_a_stem_is_cut_and_never_empty() -> None:
    assert short_stem("客服 通话.v2.mp4", "x") == "客服 通话.v2"
    assert short_stem("", "transcript") == "transcript"
    assert short_stem("长" * 300 + ".wav", "x") == "长" * (MAX_NAME_BYTES // 3)
    assert cut_to_bytes("é" * 3, 5) == "éé"
