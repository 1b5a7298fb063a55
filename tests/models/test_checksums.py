"""A model's files are compared with what they were, and what has changed is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sensevoice.errors import ModelError, ModelFileDamaged
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.sources import checksums
from sensevoice.models.sources import demo as demo_model
from sensevoice.models.sources.checksums import RECORD, check, check_sums, sha256, write_sums
from tests.conftest import ROOT

NAMES = ("model.pt", "am.mvn")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "model"
    directory.mkdir()
    for name in NAMES:
        (directory / name).write_bytes(name.encode() * 100)
    return directory


def flip(path: Path, keep_time: bool = False) -> None:
    status, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_the_first_time_they_are_recorded_then_compared(model: Path) -> None:
    check(model, NAMES)
    recorded = json.loads((model / RECORD).read_text())
    assert recorded["model.pt"]["sha256"] == sha256(model / "model.pt")
    check(model, NAMES)
    flip(model / "model.pt")
    with pytest.raises(ModelFileDamaged, match=r"model\.pt.*SHA-256"):
        check(model, NAMES)
    (model / RECORD).unlink()
    check(model, NAMES)


def test_a_file_that_was_only_touched_is_read_once_and_found_the_same(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(checksums, "sha256", lambda path: read.append(path.name) or sha256(path))
    check(model, NAMES)
    assert read == list(NAMES)
    check(model, NAMES)
    os.utime(model / "am.mvn")
    check(model, NAMES)
    assert check(model, NAMES) == {name: sha256(model / name) for name in NAMES}
    assert read == [*NAMES, "am.mvn"]
    other = model / "copy"
    shutil.copy2(model / "model.pt", other)
    os.replace(other, model / "model.pt")
    check(model, NAMES)
    assert read == [*NAMES, "am.mvn", "model.pt"], "same size and time, but another inode"
    check(model, NAMES, force=True)
    assert read == [*NAMES, "am.mvn", "model.pt", *NAMES]


def test_a_bit_flipped_behind_an_unchanged_stamp_is_found_when_that_is_asked_for(model: Path) -> None:
    check(model, NAMES)
    flip(model / "model.pt", keep_time=True)
    check(model, NAMES)
    with pytest.raises(ModelFileDamaged, match=r"model\.pt"):
        check(model, NAMES, force=True)


def test_a_read_only_model_is_remembered_in_the_users_cache(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write = checksums.write_whole

    def read_only(path: Path, content: str) -> None:
        if path.parent == model:
            raise PermissionError(path)
        write(path, content)

    monkeypatch.setattr(checksums, "write_whole", read_only)
    check(model, NAMES)
    assert not (model / RECORD).exists()
    flip(model / "am.mvn")
    with pytest.raises(ModelFileDamaged):
        check(model, NAMES)


def test_a_record_that_was_cut_off_is_made_anew(model: Path) -> None:
    (model / RECORD).write_text('{"model.pt": {"sta')
    check(model, NAMES)
    assert json.loads((model / RECORD).read_text())["am.mvn"]


def test_the_bundled_models_are_what_the_repository_says() -> None:
    check_sums(demo_model.DEMO_DIR)


def test_a_flipped_bit_in_a_bundled_file_is_named_even_with_its_time_kept(tmp_path: Path) -> None:
    demo = shutil.copytree(demo_model.DEMO_DIR, tmp_path / "demo")
    flip(demo / "sensevoice-small" / "model.pt", keep_time=True)
    with pytest.raises(ModelFileDamaged, match=r"sensevoice-small/model\.pt"):
        check_sums(demo)
    write_sums(demo)
    check_sums(demo)


class TestLoading:
    """Directories as people have them, before and after something happened to them."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        return shutil.copytree(demo_model.ASR_DIR, tmp_path / "model")

    def load(self, directory: Path) -> None:
        load_recognizer(
            ModelSettings(str(directory), str(demo_model.VAD_DIR), device="cpu", precision="fp32")
        )

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<!doctype html><title>404</title>" * 1000,
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 936291369\n",
        ],
    )
    def test_something_else_where_the_weights_should_be(self, directory: Path, content: bytes) -> None:
        (directory / "model.pt").write_bytes(content)
        with pytest.raises(ModelError):
            self.load(directory)

    def test_half_the_weights(self, directory: Path) -> None:
        weights = (directory / "model.pt").read_bytes()
        (directory / "model.pt").write_bytes(weights[: len(weights) // 2])
        with pytest.raises(ModelError):
            self.load(directory)

    @pytest.mark.parametrize("damage", ["foreign", "nan", "shape"])
    def test_weights_that_are_not_this_models(self, directory: Path, damage: str) -> None:
        import torch

        weights = torch.load(directory / "model.pt", weights_only=True)
        if damage == "foreign":
            weights = {f"other.{name}": value for name, value in weights.items()}
        elif damage == "nan":
            weights = {name: torch.full_like(value, float("nan")) for name, value in weights.items()}
        else:
            weights = {name: value.new_zeros((3, *value.shape)) for name, value in weights.items()}
        torch.save(weights, directory / "model.pt")
        with pytest.raises(ModelError):
            self.load(directory)

    def test_a_pickle_that_would_run_something(self, directory: Path, tmp_path: Path) -> None:
        import torch

        class Harm:
            def __reduce__(self) -> tuple[object, tuple[str]]:
                return os.mkdir, (str(tmp_path / "harmed"),)

        torch.save({"weights": Harm()}, directory / "model.pt")
        with (directory / "model.pt").open("ab") as file:
            file.write(bytes(20_000))
        with pytest.raises(ModelError):
            self.load(directory)
        assert not (tmp_path / "harmed").exists()

    def test_code_beside_a_model_is_not_run(self, directory: Path, tmp_path: Path) -> None:
        """funasr would, when config.yaml asks for it and the caller is silent."""
        harm = f"import os\nos.mkdir({str(tmp_path / 'harmed')!r})\n"
        for place in (directory, tmp_path):
            (place / "model.py").write_text(harm)
        with (directory / "config.yaml").open("a") as config:
            config.write("\ntrust_remote_code: true\nremote_code: ./model.py\n")
        code = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from sensevoice.models.loader import ModelSettings, load_recognizer\n"
            f"load_recognizer(ModelSettings({str(directory)!r}, {str(demo_model.VAD_DIR)!r}, device='cpu', "
            "precision='fp32'))\nprint('loaded')"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert "loaded" in done.stdout, done.stderr
        assert not (tmp_path / "harmed").exists()

    def test_nobody_is_asked_when_the_models_are_here(self, directory: Path) -> None:
        code = (
            f"import socket, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            "def refuse(*arguments):\n    raise AssertionError(f'connects to {arguments}')\n"
            "socket.socket.connect = socket.getaddrinfo = refuse\n"
            "from sensevoice.models.loader import ModelSettings, load_recognizer\n"
            f"load_recognizer(ModelSettings({str(directory)!r}, {str(demo_model.VAD_DIR)!r}, device='cpu', "
            "precision='fp32'))\nprint('loaded')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "loaded" in done.stdout and "connects to" not in done.stderr, done.stderr
