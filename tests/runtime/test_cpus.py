"""How many CPUs and cores may be used: those that a process is bound to, and its share of their time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sensevoice.runtime import cpus


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cpus, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpus, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    (tmp_path / "cgroup").mkdir()
    return tmp_path


def limit(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_dot_", ".")).write_text(content)


def test_without_limits(container: Path) -> None:
    assert cpus.usable_cpus() == 64
    (container / "own").write_text("0::/\n")
    limit(container / "cgroup", cpu_dot_max="max 100000\n")
    assert cpus.usable_cpus() == 64


@pytest.mark.parametrize(
    ("quota", "expected"), [("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1)]
)
def test_a_share_of_time(container: Path, quota: str, expected: int) -> None:
    (container / "own").write_text("0::/\n")
    limit(container / "cgroup", cpu_dot_max=quota)
    assert cpus.usable_cpus() == expected


def test_the_tightest_of_nested_groups(container: Path) -> None:
    (container / "own").write_text("0::/job/step\n")
    limit(container / "cgroup" / "job", cpu_dot_max="300000 100000")
    limit(container / "cgroup" / "job" / "step", cpu_dot_max="max 100000")
    assert cpus.usable_cpus() == 3


def test_the_first_version_of_control_groups(container: Path) -> None:
    (container / "own").write_text("4:memory:/docker\n3:cpu,cpuacct:/docker\n")
    limit(
        container / "cgroup" / "cpu" / "docker", cpu_dot_cfs_quota_us="400000", cpu_dot_cfs_period_us="100000"
    )
    assert cpus.usable_cpus() == 4
    limit(container / "cgroup" / "cpu" / "docker", cpu_dot_cfs_quota_us="-1")
    assert cpus.usable_cpus() == 64


def test_what_cannot_be_read_limits_nothing(container: Path) -> None:
    (container / "own").write_text("0::/\n")
    limit(container / "cgroup", cpu_dot_max="a few\n")
    assert cpus.usable_cpus() == 64


def siblings(container: Path, monkeypatch: pytest.MonkeyPatch, lists: dict[int, str]) -> None:
    monkeypatch.setattr(cpus, "CPUS", container / "cpu")
    for cpu, text in lists.items():
        limit(container / "cpu" / f"cpu{cpu}" / "topology", thread_siblings_list=f"{text}\n")


def test_cores_are_counted_once_however_many_threads_they_have(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    siblings(container, monkeypatch, {cpu: f"{cpu % 4},{cpu % 4 + 4}" for cpu in range(8)})
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert (cpus.usable_cpus(), cpus.usable_cores()) == (8, 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 4, 1})
    assert (cpus.usable_cpus(), cpus.usable_cores()) == (3, 2)


def test_cores_keep_to_a_share_of_time_and_are_cpus_where_nothing_is_known(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    siblings(container, monkeypatch, {})
    assert cpus.usable_cores() == 64
    (container / "own").write_text("0::/\n")
    limit(container / "cgroup", cpu_dot_max="300000 100000\n")
    assert cpus.usable_cores() == 3
