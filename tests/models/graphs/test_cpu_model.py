"""The graph for a CPU: chosen by measurement, checked on speech, kept, mended, and never trusted blindly."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from funasr.models.sense_voice.model import SenseVoiceSmall
from onnx import helper, numpy_helper

from sensevoice.models.graphs import cache, check, cpu_model
from sensevoice.models.graphs.candidates import VNNI, cpu_flags
from sensevoice.models.graphs.known_speech import known_clip
from sensevoice.models.sources import demo, files
from sensevoice.recognise import onnx_graph
from sensevoice.recognise.onnx_model import OnnxSenseVoiceSmall

AVX2 = frozenset({"avx2", "avx512f"})
BUNDLED = files.verify(demo.ASR_DIR)
MAKE_REFERENCE = cpu_model._reference
BUILD = onnx_graph.build


@functools.cache
def reference() -> cpu_model._Reference:
    """The weights and their answers, computed once for all tests."""
    return MAKE_REFERENCE(BUNDLED, ("all",))


class Machine:
    """A processor with some flags, a folder for graphs, and a count of what is done."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.flags = folder, AVX2
        self.built: list[str] = []
        self.checked = 0
        self.build: Callable[..., onnx.ModelProto] = BUILD
        answers = check.answers_of_graph

        def counted(model: Any, clips: Any) -> Any:
            self.checked += 1
            return answers(model, clips)

        monkeypatch.setattr(cpu_model, "KEPT_FROM_BYTES", 0)
        monkeypatch.setattr(cpu_model, "_reference", lambda *_: reference())
        monkeypatch.setattr(cpu_model, "cpu_flags", lambda: self.flags)
        monkeypatch.setattr(cache, "_folders", lambda directory: iter([folder]))
        monkeypatch.setattr(check, "answers_of_graph", counted)
        monkeypatch.setattr(
            check, "seconds_of", lambda names, *_: dict(zip(names, (1, 2, 3, 4), strict=False))
        )
        monkeypatch.setattr(onnx_graph, "build", self._build)

    def _build(self, weights: Any, heads: int, name: str) -> onnx.ModelProto:
        self.built.append(name)
        return self.build(weights, heads, name)

    def start(self, precision: str = "auto") -> tuple[Any, str]:
        self.built, self.checked, self.lines = [], 0, list[str]()
        return cpu_model.open_model(BUNDLED, precision, self.lines.append)

    def graphs(self) -> list[Path]:
        return sorted(self.folder.glob("*.onnx"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "kept", monkeypatch)


def text_of(model: Any) -> str:
    return str(model.generate(input=known_clip(), language="auto", use_itn=True)[0]["text"])


def test_the_candidates_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("fp32", "uint8", "uint8_tensor", "int8_7bit", "int8")
    seconds = check.seconds_of(names, reference().weights, reference().heads)
    assert set(seconds) == set(names)
    assert all(0 < value < float("inf") for value in seconds.values())


class TestChoice:
    def test_the_first_start_makes_it_and_says_so_the_second_reads_it(self, machine: Machine) -> None:
        first, precision = machine.start()
        assert (precision, machine.built, machine.checked) == ("int8", ["uint8_tensor"], 1)
        assert any("uint8_tensor: " in line and "%" in line for line in machine.lines)
        second, again = machine.start()
        assert (again, machine.built, machine.checked, machine.lines) == ("int8", [], 0, [])
        assert len(machine.graphs()) == 1
        assert text_of(first) == text_of(second) == text_of(reference().model)

    def test_the_fastest_comes_first(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            check, "seconds_of", lambda names, *_: dict(zip(names, (4, 2, 3, 1), strict=True))
        )
        assert machine.start()[1] == "fp32" and machine.built == ["fp32"]
        assert machine.start()[1] == "fp32" and machine.built == []

    @pytest.mark.parametrize(("flags", "names"), [(frozenset(), ["fp32"]), (frozenset({"sse4_2"}), ["fp32"])])
    def test_an_old_processor_stays_with_fp32(
        self, machine: Machine, flags: frozenset[str], names: list[str]
    ) -> None:
        machine.flags = flags
        assert machine.start()[1] == "fp32" and machine.built == names

    @pytest.mark.skipif(not cpu_flags() & VNNI, reason="a processor without VNNI: its int8 sums overflow")
    def test_with_vnni_it_is_int8_with_full_weights(self, machine: Machine) -> None:
        machine.flags = frozenset({"avx512_vnni", "avx2"})
        assert machine.start()[1] == "int8" and machine.built == ["int8"]

    def test_fp32_by_name_is_exactly_what_torch_answers(self, machine: Machine) -> None:
        model, precision = machine.start("fp32")
        assert (precision, machine.built) == ("fp32", ["fp32"])
        answers = check.answers_of_graph(model, reference().clips)
        assert [one.text for one in answers] == [one.text for one in reference().answers]

    def test_a_small_model_is_not_kept(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cpu_model, "KEPT_FROM_BYTES", 64_000_000)
        for _ in range(2):
            assert machine.start("fp32")[1] == "fp32" and machine.built == ["fp32"]
        assert not machine.folder.exists()


def around_the_best(graph: onnx.ModelProto, nodes: list[tuple[str, list[str], str]]) -> onnx.ModelProto:
    """Put nodes (kind, inputs, output) between the best pieces, from now on "raw", and the output "best"."""
    for node in graph.graph.node:
        node.output[:] = ["raw" if name == "best" else name for name in node.output]
    numbers = {"zero": 0, "four": 4, "minus": -1, "half": 20, "far": 1 << 40, "back": -(1 << 40)}
    for name, value in numbers.items():
        graph.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    for kind, inputs, output in nodes:
        attributes = {"axis": 0} if kind == "Concat" else {}
        graph.graph.node.append(helper.make_node(kind, inputs, [output], **attributes))
    return graph


HEAD = ("Slice", ["raw", "zero", "four"], "head")
BREAKS = {
    "text backwards": [
        HEAD,
        ("Slice", ["raw", "four", "far"], "text"),
        ("Slice", ["text", "minus", "back", "zero", "minus"], "backwards"),
        ("Concat", ["head", "backwards"], "best"),
    ],
    "text a frame late": [
        HEAD,
        ("Slice", ["raw", "four", "minus"], "text"),
        ("Concat", ["head", "zero", "text"], "best"),
    ],
    "text cut": [("Slice", ["raw", "zero", "half"], "best")],
    "no text": [HEAD, ("Slice", ["raw", "four", "far"], "text"), ("Sub", ["text", "text"], "none"),
                ("Concat", ["head", "none"], "best")],
}  # fmt: skip
"""What a look at the frames of the tags alone would accept."""


def broken(how: str, roundings: Any) -> Callable[..., onnx.ModelProto]:
    def build(weights: Any, heads: int, name: str) -> onnx.ModelProto:
        graph = BUILD(weights, heads, name)
        return around_the_best(graph, BREAKS[how]) if name in roundings else graph

    return build


def without_layer(layer: str, roundings: Any) -> Callable[..., onnx.ModelProto]:
    def build(weights: Any, heads: int, name: str) -> onnx.ModelProto:
        if name in roundings:
            named = {key: np.zeros_like(value) for key, value in weights.items() if key.startswith(layer)}
            assert named
            weights = {**weights, **named}
        return BUILD(weights, heads, name)

    return build


LAYERS = [
    f"encoder.{block}.{part}"
    for block in ("encoders0.0", "encoders.0", "encoders.1", "encoders.2", "tp_encoders.0")
    for part in ("self_attn.linear_out.", "self_attn.fsmn_block.", "feed_forward.w_2.")
]

ROUNDED = ("uint8_tensor", "uint8", "int8_7bit")


class TestBroken:
    @pytest.mark.parametrize("how", BREAKS)
    def test_8_bit_graphs_whose_text_is_wrong_are_refused(
        self, machine: Machine, caplog: pytest.LogCaptureFixture, how: str
    ) -> None:
        machine.build = broken(how, ROUNDED)
        with caplog.at_level(logging.WARNING):
            model, precision = machine.start()
        assert precision == "fp32" and machine.built == [*ROUNDED, "fp32"]
        assert all(f"{name} is not used" in caplog.text for name in ROUNDED)
        assert text_of(model) == text_of(reference().model)

    @pytest.mark.parametrize("layer", LAYERS)
    def test_a_graph_without_one_of_its_layers_is_refused(self, machine: Machine, layer: str) -> None:
        machine.build = without_layer(layer, ("uint8_tensor",))
        machine.start()
        assert machine.built == ["uint8_tensor", "uint8"]

    def test_where_every_graph_is_wrong_torch_answers(
        self, machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        machine.build = broken("text backwards", (*ROUNDED, "fp32"))
        with caplog.at_level(logging.WARNING):
            model, precision = machine.start()
        assert precision == "fp32" and isinstance(model.model, SenseVoiceSmall)
        assert "torch recognises" in caplog.text

    def test_where_no_graph_can_be_made_torch_answers(
        self, machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fails(*_: Any) -> onnx.ModelProto:
            raise RuntimeError("no operators today")

        machine.build = fails
        with caplog.at_level(logging.WARNING):
            model, precision = machine.start()
        assert precision == "fp32" and isinstance(model.model, SenseVoiceSmall)
        assert "no operators today" in caplog.text

    def test_what_was_refused_is_not_made_again(self, machine: Machine) -> None:
        machine.build = broken("text cut", ("uint8_tensor",))
        machine.start()
        machine.start()
        assert (machine.built, machine.checked) == ([], 0)
        for graph in machine.graphs():
            graph.unlink()
        machine.start()
        assert machine.built == ["uint8"]

    def test_int8_by_name_is_used_though_it_was_refused_and_says_so(
        self, machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Random weights, by which speed is measured, stand no rounding."""
        machine.build = broken("text a frame late", ROUNDED)
        with caplog.at_level(logging.WARNING):
            model, precision = machine.start("int8")
        assert precision == "int8" and isinstance(model.model, OnnxSenseVoiceSmall)
        assert "int8 is used as asked" in caplog.text
        assert machine.start("int8")[1] == "int8" and machine.built == []
        assert machine.start("auto")[1] == "fp32" and machine.built == ["fp32"]


class TestKept:
    @pytest.mark.parametrize("other", ["flags", "version of ONNX Runtime", "time of the file"])
    def test_a_stored_graph_is_checked_again_when_something_changed(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, other: str
    ) -> None:
        machine.start()
        if other == "flags":
            machine.flags = frozenset({"avx2"})
        elif other == "time of the file":
            machine.graphs()[0].touch()
        else:
            monkeypatch.setattr("onnxruntime.__version__", "99.0")
        machine.start()
        assert (machine.built, machine.checked) == ([], 1)
        machine.start()
        assert (machine.built, machine.checked) == ([], 0)

    def test_a_stored_graph_that_has_become_another_is_refused_and_made_again(self, machine: Machine) -> None:
        machine.start()
        (path,) = machine.graphs()
        graph = around_the_best(onnx.load(path), BREAKS["text backwards"])
        path.write_bytes(graph.SerializeToString())
        model, _ = machine.start()
        assert machine.built == ["uint8_tensor"]
        assert text_of(model) == text_of(reference().model)

    def test_a_file_that_was_cut_short_is_made_again(self, machine: Machine) -> None:
        machine.start()
        (path,) = machine.graphs()
        path.write_bytes(path.read_bytes()[:5_000])
        assert machine.start()[1] == "int8" and machine.built == ["uint8_tensor"]
        assert machine.start()[1] == "int8" and machine.built == []

    def test_other_code_makes_another_graph_and_the_old_one_goes(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        machine.start()
        before = machine.graphs()
        monkeypatch.setattr(onnx_graph, "VERSION", onnx_graph.VERSION + 1)
        machine.start()
        after = machine.graphs()
        assert len(before) == len(after) == 1 and before != after

    def test_a_full_disk_costs_only_the_next_start(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cache, "_write", full)
        with caplog.at_level(logging.WARNING):
            assert machine.start()[1] == "int8"
        assert "No space left" in caplog.text

    def test_a_record_that_was_cut_off_is_no_record(self, machine: Machine) -> None:
        machine.start()
        record = machine.folder / cache.RECORD
        record.write_text(record.read_text()[:40])
        machine.start()
        assert (machine.built, machine.checked) == ([], 1), "the graph is there, and has to pass once more"


class TestStore:
    def test_beside_the_model_or_else_in_the_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        model = tmp_path / "model"
        model.mkdir()
        assert cache.store(model, "int8", "k1", b"graph").parent == model
        assert cache.find(model, "int8", "k1") is not None
        assert cache.find(model, "int8", "k2") is None
        assert cache.find(model, "fp32", "k1") is None
        blocked = tmp_path / "file"
        blocked.write_text("not a folder")
        path = cache.store(blocked / "model", "int8", "k1", b"graph")
        assert path.is_relative_to(tmp_path / "cache")
        assert cache.find(blocked / "model", "int8", "k1") == path

    def test_graphs_of_other_weights_go_and_those_of_the_same_stay(self, tmp_path: Path) -> None:
        for rounding, key in (("fp32", "old"), ("int8", "old"), ("fp32", "new"), ("uint8", "new")):
            cache.store(tmp_path, rounding, key, b"graph")
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "sensevoice-fp32-new.onnx", "sensevoice-uint8-new.onnx",
        ]  # fmt: skip

    def test_the_key_follows_weights_configuration_and_version(self, tmp_path: Path) -> None:
        def key(weights: str, config: str, version: int) -> str:
            sums = {"model.pt": weights * 64, "config.yaml": config * 64, "am.mvn": "f" * 64}
            return cache.key_of(files.ModelFiles(tmp_path, sums), version)

        assert len({key("a", "b", 1), key("b", "a", 1), key("a", "a", 1), key("a", "b", 2)}) == 4
        assert key("a", "b", 1) == key("a", "b", 1)
