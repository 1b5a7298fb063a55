"""Picking recordings on the server: only those below the directory that was given."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradio.components.file_explorer import FileExplorerData
from gradio.exceptions import InvalidPathError

from sensevoice.ui.server_files import confined_explorer, recordings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "media"
    (root / "folder").mkdir(parents=True)
    (root / "a.wav").write_bytes(b"x")
    (root / "folder" / "通话.mp3").write_bytes(b"x")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "b.wav").write_bytes(b"x")
    (root / "way_out").symlink_to(tmp_path / "secret")
    (root / "link.wav").symlink_to(tmp_path / "secret" / "b.wav")
    return root


def test_files_below_the_directory_are_found(root: Path) -> None:
    explorer = confined_explorer(root)
    picked = explorer.preprocess(FileExplorerData(root=[["a.wav"], ["folder", "通话.mp3"], ["folder"]]))
    assert recordings(picked, root) == [root / "a.wav", root / "folder" / "通话.mp3"]
    assert {item["name"] for item in explorer.ls(["folder"]) or ()} == {"通话.mp3"}


@pytest.mark.parametrize(
    "way",
    [["..", "secret", "b.wav"], ["way_out", "b.wav"], ["link.wav"], ["/etc/passwd"], ["folder", "..", ".."]],
)
def test_no_way_leads_out(root: Path, way: list[str]) -> None:
    explorer = confined_explorer(root)
    with pytest.raises(InvalidPathError):
        explorer.preprocess(FileExplorerData(root=[way]))
    with pytest.raises(InvalidPathError):
        explorer.ls(way)


def test_what_was_picked_is_checked_once_more(root: Path) -> None:
    assert recordings([str(root / "link.wav"), "/etc/passwd", str(root / "gone.wav")], root) == []
    assert recordings(["/etc/passwd"], None) == []
