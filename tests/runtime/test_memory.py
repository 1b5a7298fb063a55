"""How much memory may still be used: what is free, and what control groups leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.models import loader
from sensevoice.runtime import cpus, memory

GB = 1 << 30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cpus, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpus, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {8 * GB >> 10} kB\n")
    (tmp_path / "own").write_text("0::/job\n")
    return tmp_path


def group(machine: Path, name: str, **files: object) -> None:
    folder = machine / "cgroup" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file.replace("_dot_", ".")).write_text(f"{content}\n")


def test_what_the_machine_has_free(machine: Path) -> None:
    assert memory.available_bytes() == 8 * GB
    group(machine, "job", memory_dot_max="max", memory_dot_current=GB)
    assert memory.available_bytes() == 8 * GB


def test_what_a_container_leaves_without_files_that_the_kernel_may_drop(machine: Path) -> None:
    stat = f"anon 5\ninactive_file {GB // 2}\n"
    group(machine, "job", memory_dot_max=4 * GB, memory_dot_current=3 * GB, memory_dot_stat=stat)
    assert memory.available_bytes() == 3 * GB // 2
    (machine / "own").write_text("7:memory:/docker\n")
    limit = {"memory_dot_limit_in_bytes": 2 * GB, "memory_dot_usage_in_bytes": GB}
    group(machine, "memory/docker", **limit)
    assert memory.available_bytes() == GB


def test_unknown_and_none(machine: Path) -> None:
    group(machine, "job", memory_dot_max=GB, memory_dot_current=2 * GB)
    assert memory.available_bytes() == 0
    (machine / "own").unlink()
    (machine / "meminfo").write_text("MemAvailable: some\n")
    assert memory.available_bytes() is None


@pytest.mark.parametrize(
    ("free", "cores", "clips"), [(None, 4, 4), (8 * GB, 4, 4), (8 * GB, 64, 53), (GB // 2, 64, 3), (0, 8, 1)]
)
def test_a_clip_a_core_as_far_as_memory_goes(
    free: int | None, cores: int, clips: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "available_bytes", lambda: free)
    monkeypatch.setattr(loader, "usable_cores", lambda: cores)
    assert loader.clips_side_by_side() == clips
