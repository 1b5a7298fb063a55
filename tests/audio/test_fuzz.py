"""A short run of the fuzzer; scripts/fuzz_decode.py runs for as long as one likes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.hostile.mutate import mutant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fuzz() -> Any:
    spec = importlib.util.spec_from_file_location("fuzz_decode", ROOT / "scripts/fuzz_decode.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_bad_happens(fuzz: Any, tmp_path: Path) -> None:
    fuzzer = fuzz.Fuzzer(tmp_path)
    fuzzer.run(range(1, 1001), seconds=60.0)
    assert fuzzer.bad == {}
    assert fuzzer.fates.total() >= 200 and fuzzer.fates["sound"] and fuzzer.fates["not_media"]
    assert fuzzer.peak_bytes < 200 << 20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", [ZeroDivisionError("x"), KeyError("y")])
def test_what_should_not_happen_is_seen(
    fuzz: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: Exception
) -> None:
    def fail(path: Path) -> None:
        raise bad

    monkeypatch.setattr(fuzz, "open_audio", fail)
    fuzzer = fuzz.Fuzzer(tmp_path)
    fuzzer.try_one(7)
    assert list(fuzzer.bad) == [7] and type(bad).__name__ in fuzzer.bad[7]


def test_a_seed_is_always_the_same_mutant() -> None:
    assert mutant(11) == mutant(11) != mutant(12)
