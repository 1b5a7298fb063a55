"""Several devices: which are meant, and a recogniser on each of them behind one line."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sensevoice.errors import DeviceUnavailable, SelfTestFailed
from sensevoice.models import cards as cards_module
from sensevoice.models import device as device_module
from sensevoice.models.cards import Cards, load_cards
from sensevoice.models.device import resolve_device, resolve_devices
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe

SETTINGS = ModelSettings(demo=True)


@pytest.fixture
def three_cards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three cards; the list is what each has free, in MB, and empty where the driver does not say."""
    free: list[int] = []

    def ask(*_: Any, **__: Any) -> SimpleNamespace:
        if not free:
            raise FileNotFoundError("nvidia-smi")
        lines = [f"GPU-uuid-{number}, {mb}" for number, mb in reversed([*enumerate(free)])]
        return SimpleNamespace(stdout="\n".join(lines))

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    named = {number: SimpleNamespace(uuid=f"uuid-{number}") for number in range(3)}
    monkeypatch.setattr(torch.cuda, "get_device_properties", named.__getitem__)
    monkeypatch.setattr(subprocess, "run", ask)
    return free


class TestWhichAreMeant:
    @pytest.mark.parametrize("device", ["auto", "cuda"])
    def test_one_is_the_card_with_most_free_memory(self, three_cards: list[int], device: str) -> None:
        assert resolve_devices(device) == ("cuda:0",), "the driver does not say"
        three_cards[:] = [1000, 9000, 9000]
        assert resolve_devices(device) == ("cuda:1",)
        three_cards[:] = [1000, 2000, 9000]
        assert resolve_device(device) == "cuda:2"

    def test_cards_by_number_and_all(self, three_cards: list[int]) -> None:
        assert resolve_devices("cuda:0,cuda:2") == ("cuda:0", "cuda:2")
        assert resolve_devices("cuda:2, cuda:2") == ("cuda:2",)
        assert resolve_devices("cuda:all") == ("cuda:0", "cuda:1", "cuda:2")
        assert resolve_devices("cpu") == ("cpu",)

    @pytest.mark.parametrize("device", ["cuda:3", "cuda:0,cuda:3"])
    def test_a_card_that_is_not_there(self, three_cards: list[int], device: str) -> None:
        with pytest.raises(DeviceUnavailable, match=r"3 CUDA device"):
            resolve_devices(device)

    def test_all_of_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        for device in ("cuda:all", "cuda:0,cuda:1"):
            with pytest.raises(DeviceUnavailable, match="no CUDA"):
                resolve_devices(device)
        assert resolve_devices("auto") == ("cpu",)

    def test_several_where_only_one_will_do(self, three_cards: list[int]) -> None:
        with pytest.raises(DeviceUnavailable, match="one device"):
            resolve_device("cuda:all")

    def test_what_the_driver_prints_is_not_believed_blindly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout="No devices found\n"))
        assert device_module._free_mb() == {}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, demo_recognizer: FunasrRecognizer) -> list[str]:
    """Loads nothing: each device has the bundled model on the CPU; the list tells what is wrong where."""
    wrong: list[str] = []

    def load(settings: ModelSettings, *_: Any, **__: Any) -> Any:
        if settings.device in wrong:
            raise SelfTestFailed(path="model", reason="nonsense")
        on = "cpu" if f"{settings.device} is the cpu" in wrong else settings.device
        return SimpleNamespace(info=replace(demo_recognizer.info, device=on), directory=Path(settings.device))

    monkeypatch.setattr(cards_module, "resolve_devices", lambda device: ("cuda:0", "cuda:1"))
    monkeypatch.setattr(cards_module, "load_recognizer", load)
    return wrong


def devices(cards: Cards) -> list[str]:
    return [each.info.device for each in cards.recognizers]


class TestLoading:
    def test_a_recogniser_on_each(self, two: list[str]) -> None:
        cards = load_cards(SETTINGS)
        assert devices(cards) == ["cuda:0", "cuda:1"] and cards.directory == Path("cuda:0")

    @pytest.mark.parametrize("broken", ["cuda:0", "cuda:1"])
    def test_a_card_on_which_nothing_works_is_left_out_with_a_sentence(
        self, two: list[str], broken: str
    ) -> None:
        lines: list[str] = []
        two.append(broken)
        cards = load_cards(SETTINGS, lines.append)
        assert devices(cards) == [name for name in ("cuda:0", "cuda:1") if name != broken]
        (line,) = lines
        assert broken in line and "left out" in line and "不使用" in line and "nonsense" in line

    def test_one_that_turns_out_to_be_the_cpu_is_of_no_use_beside_a_card(self, two: list[str]) -> None:
        two.append("cuda:1 is the cpu")
        assert devices(load_cards(SETTINGS)) == ["cuda:0"]
        two.append("cuda:0 is the cpu")
        assert devices(load_cards(SETTINGS)) == ["cpu"], "one, not two"

    def test_where_no_card_works_it_is_as_with_one(self, two: list[str]) -> None:
        two += ["cuda:0", "cuda:1"]
        with pytest.raises(SelfTestFailed, match="nonsense"):
            load_cards(SETTINGS)


@pytest.fixture(scope="module")
def pair() -> list[FunasrRecognizer]:
    """Two recognisers of their own, as two cards would have them."""
    return [load_recognizer(ModelSettings(demo=True, device="cpu"), self_test=False) for _ in range(2)]


def as_cards(pair: list[FunasrRecognizer], lines: list[str], faults: list[str]) -> Cards:
    cards = Cards(lines.append, faults.append)
    cards.recognizers.extend(pair)
    return cards


class TestTwoBundledModels:
    def test_files_side_by_side_have_the_rows_of_one_model(
        self, pair: list[FunasrRecognizer], demo_recognizer: FunasrRecognizer
    ) -> None:
        files = [sample.path for sample in demo.sample_recordings()]
        expected = [transcribe(path, demo_recognizer, Options()).segments for path in files]
        scheduler = as_cards(pair, [], []).scheduled()
        with ThreadPoolExecutor(4) as pool:
            found = [*pool.map(lambda path: transcribe(path, scheduler.share(), Options()), files * 2)]
        scheduler.close()
        assert [each.segments for each in found] == expected * 2

    def test_a_card_that_fails_in_the_middle_is_taken_out_and_nothing_is_lost(
        self, pair: list[FunasrRecognizer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[str] = []
        faults: list[str] = []
        cards = as_cards(pair, lines, faults)
        scheduler = cards.scheduled()
        left = 0
        generate = pair[0]._model.generate

        def failing(**settings: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise RuntimeError("CUDA error: an illegal memory access was encountered")
            return generate(**settings)

        monkeypatch.setattr(pair[0]._model, "generate", failing)
        monkeypatch.setattr(pair[0], "_on_device_fault", lambda reason: cards.fault(0, reason))
        sample = demo.sample_recordings()[0].path
        found = [transcribe(sample, scheduler.share(), Options()) for _ in range(4)]
        assert all(each.segments == found[0].segments and not each.failed() for each in found)
        if left < 0:  # the first of the two may have been quicker, each time
            (line,) = lines
            assert "is no longer used" in line and "已停用" in line and "illegal memory access" in line
        assert faults == []
        cards.fault(0, "again")
        cards.fault(1, "the other, too")
        assert faults[-1] == "the other, too", "only a new process can mend that"
        scheduler.close()
