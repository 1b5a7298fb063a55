"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sensevoice.runtime.atomic import LEFTOVER, remove_leftovers, replacing, write_whole


def test_a_text_or_its_parts_replace_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / ("长" * 80 + ".json")  # 245 bytes: a longer prefix would be no file name
    write_whole(target, "一\n")
    assert target.read_text("utf-8") == "一\n" and os.stat(target).st_mode & 0o777 == 0o600
    write_whole(target, ["一", "\udce9"], mode=0o644)
    assert target.read_text("utf-8") == "一\\udce9" and os.stat(target).st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "playable.ogg"
    target.write_bytes(b"old")
    with pytest.raises(error), replacing(target) as part:
        part.write_bytes(b"ne")
        raise error
    assert target.read_bytes() == b"old" and list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with replacing(tmp_path / "record.json") as part:
            part.write_text("half")
            os._exit(9)
    os.waitpid(child, 0)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(LEFTOVER)
    (tmp_path / "record.json").touch()
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
