"""The compiled decisions of fsmn-vad against funasr's own, frame by frame and on real sound."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from funasr import AutoModel
from funasr.models.fsmn_vad_streaming.encoder import FSMN
from funasr.models.fsmn_vad_streaming.model import FsmnVADStreaming, VadStateMachine
from funasr.register import tables

from sensevoice.audio.source import open_audio, select_channels
from sensevoice.models import registry
from sensevoice.models.sources import demo
from sensevoice.vad import network as vad_network
from sensevoice.vad import state_machine
from sensevoice.vad.cuda import TorchNetwork
from sensevoice.vad.state_machine import Machine, Rules
from sensevoice.vad.stream import FsmnSpeechFinder
from tests.conftest import SAMPLES

RELEASED: dict[str, Any] = {
    "detect_mode": 1,
    "max_end_silence_time": 800,
    "window_size_ms": 200,
    "sil_to_speech_time_thres": 150,
    "speech_to_sil_time_thres": 150,
    "speech_2_noise_ratio": 1.0,
    "do_extend": 1,
    "lookback_time_start_point": 200,
    "lookahead_time_end_point": 100,
    "max_single_segment_time": 30_000,
    "speech_noise_thres": 0.6,
}
NETWORK = {
    "encoder": "FSMN",
    "encoder_conf": {
        "input_dim": 400,
        "input_affine_dim": 8,
        "fsmn_layers": 1,
        "linear_dim": 8,
        "proj_dim": 4,
        "lorder": 20,
        "rorder": 0,
        "lstride": 1,
        "rstride": 0,
        "output_affine_dim": 8,
        "output_dim": 2,
    },
}


@dataclass(frozen=True)
class Chunk:
    """What the state machine is given at a time: probabilities of silence, and the two thresholds."""

    silence: np.ndarray
    end_silence_ms: int
    speech_margin: float


def random_settings(random: np.random.Generator) -> dict[str, Any]:
    short = random.random() < 0.2
    choices: dict[str, list[int]] = {
        "max_single_segment_time": [2_000, 5_000, 15_000, 30_000, 60_000],
        "lookback_time_start_point": [0, 70, 200],
        "lookahead_time_end_point": [0, 50, 100],
        "do_extend": [0, 1, 1, 1],
        "window_size_ms": [100] if short else [200],
        "sil_to_speech_time_thres": [60] if short else [80, 150, 170],
        "speech_to_sil_time_thres": [50] if short else [50, 80, 150],
    }
    chosen: dict[str, Any] = {name: int(random.choice(values)) for name, values in choices.items()}
    return RELEASED | chosen | {"speech_2_noise_ratio": float(random.choice([0.8, 1.0]))}


def random_chunk(random: np.random.Generator) -> Chunk:
    """Speech and silence in runs of one length or another, more or less torn."""
    silence = np.empty(int(random.integers(1, 3_000)), np.float32)
    run, position, speaks = 10 ** random.uniform(0.5, 3.2), 0, random.random() < 0.5
    while position < len(silence):
        length = int(random.exponential(run)) + 1
        silence[position : position + length] = 0.05 if speaks else 0.95
        position, speaks = position + length, not speaks
    torn = random.random(len(silence)) < random.choice([0.0, 0.02, 0.1, 0.3])
    silence[torn] = random.random(torn.sum())
    return Chunk(silence, int(random.choice([0, 50, 350, 650, 1_700])), float(random.choice([0.5, 0.6])))


def by_funasr(settings: dict[str, Any], chunks: list[Chunk]) -> list[Any]:
    """Return what ends in each chunk, and whether speech goes on, by funasr's state machine."""
    model = FsmnVADStreaming(**NETWORK, **settings).eval()
    cache = model.init_cache({})
    answers = []
    for number, chunk in enumerate(chunks):
        both = torch.from_numpy(np.stack([chunk.silence, 1 - chunk.silence], axis=1))[None]
        model.encoder.forward = lambda _, cache=None, both=both: both
        stats = cache["stats"]
        stats.max_end_sil_frame_cnt_thresh = chunk.end_silence_ms
        stats.speech_noise_thres = chunk.speech_margin
        frames = len(chunk.silence)
        is_last = number == len(chunks) - 1
        with contextlib.redirect_stdout(io.StringIO()):  # it prints where its own steps look odd to it
            result = model.forward(
                torch.zeros(1, frames, 400),
                torch.zeros(1, (frames - 1) * 160 + 400),
                cache=cache,
                is_final=is_last,
                is_streaming_input=False,
            )
        in_speech = stats.vad_state_machine is VadStateMachine.kVadInStateInSpeechSegment
        answers.append(([segment for part in result for segment in part], is_last or in_speech))
    return answers


def by_us(settings: dict[str, Any], chunks: list[Chunk]) -> list[Any]:
    """The same by the compiled one."""
    machine = Machine(Rules.of(FsmnVADStreaming(**NETWORK, **settings).vad_opts))
    answers = []
    for number, chunk in enumerate(chunks):
        is_last = number == len(chunks) - 1
        result = machine.feed(chunk.silence, chunk.end_silence_ms, chunk.speech_margin, is_last)
        answers.append((result, is_last or machine.in_speech))
    return answers


@pytest.mark.parametrize("seed", range(60))
def test_the_decisions_are_funasrs(seed: int) -> None:
    random = np.random.default_rng(seed)
    settings = RELEASED if seed % 3 == 0 else random_settings(random)
    chunks = [random_chunk(random) for _ in range(random.integers(1, 5))]
    assert by_us(settings, chunks) == by_funasr(settings, chunks)


@pytest.mark.parametrize("seed", range(3))
def test_compiling_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same functions as Python runs them: a fault of the compiler, or of its cache, would show."""
    random = np.random.default_rng(seed)
    settings, chunks = random_settings(random), [random_chunk(random) for _ in range(3)]
    compiled = by_us(settings, chunks)
    for name, function in vars(state_machine).copy().items():
        if hasattr(function, "py_func"):
            monkeypatch.setattr(state_machine, name, function.py_func)
    made = Machine.__init__

    def with_attributes(machine: Machine, rules: Rules) -> None:
        made(machine, rules)
        machine._rules, machine._state = (part.view(np.recarray) for part in (machine._rules, machine._state))

    monkeypatch.setattr(Machine, "__init__", with_attributes)
    assert by_us(settings, chunks) == compiled and any(part for part, _ in compiled)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_settled_stays_so(seed: int) -> None:
    """No later segment begins before; and in silence no more than what is looked back is left open."""
    random = np.random.default_rng(seed)
    rules = Rules.of(FsmnVADStreaming(**NETWORK, **random_settings(random)).vad_opts)
    machine, frames, settled_ms = Machine(rules), 0, 0
    for number in range(40):
        chunk = random_chunk(random)
        silence = chunk.silence[: random.integers(1, 300)]
        frames += len(silence)
        for start_ms, _ in machine.feed(silence, chunk.end_silence_ms, 0.5, is_final=number == 39):
            assert start_ms >= settled_ms
        assert machine.settled_ms >= settled_ms
        settled_ms = machine.settled_ms
        assert machine.in_speech or settled_ms >= (frames - rules.look_back_frames) * rules.frame_ms


def test_the_random_chunks_hold_speech() -> None:
    random = np.random.default_rng(0)
    result = by_us(RELEASED, [random_chunk(random) for _ in range(20)])
    assert sum(len(part) for part, _ in result) > 20


def load(detector: type, **settings: Any) -> Any:
    tables.model_classes["FsmnVADStreaming"] = detector
    return AutoModel(
        model=str(demo.VAD_DIR),
        device="cpu",
        disable_update=True,
        disable_pbar=True,
        trust_remote_code=False,
        max_single_segment_time=30_000,
        **settings,
    )


@pytest.fixture(scope="module")
def detectors() -> Iterator[tuple[Any, Any]]:
    """(ours, funasr's own), from the same files."""
    theirs = load(FsmnVADStreaming)
    yield load(registry.CompiledFsmnVad), theirs
    registry.register()


@pytest.fixture(scope="module")
def recordings() -> list[np.ndarray]:
    result = []
    for sample in SAMPLES.values():
        with open_audio(sample.path) as source:
            result.append(np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()]))
    return result


def test_silence_that_was_searched_is_let_go(detectors: tuple[Any, Any]) -> None:
    """Of funasr's own answers it is known only that speech that goes on is no longer than the longest."""
    for detector, settled_ms in zip(detectors, (59_500, 28_000), strict=True):
        finder = FsmnSpeechFinder(detector, threading.Lock(), 300)
        assert finder.feed(np.zeros(61 * 16_000, np.float32)) == []
        assert settled_ms <= finder.settled_ms < settled_ms + 500


def test_the_segments_of_recordings_are_funasrs(
    detectors: tuple[Any, Any], recordings: list[np.ndarray]
) -> None:
    """Splices of the samples, silence and noise, of up to five minutes, so that chunks end anywhere."""
    random = np.random.default_rng(3)
    for _ in range(8):
        parts: list[np.ndarray] = []
        for _ in range(random.integers(1, 12)):
            recording = recordings[random.integers(len(recordings))]
            start = random.integers(0, len(recording) // 2)
            noise = random.standard_normal(random.integers(1, 200_000)) * 10 ** random.uniform(-5, -2)
            parts += [recording[start:] * random.uniform(0.1, 1.0), noise]
        samples = np.concatenate(parts).astype(np.float32)[: 300 * 16_000]
        ours, theirs = (model.generate(input=samples)[0]["value"] for model in detectors)
        assert ours == theirs
        assert ours


@pytest.mark.parametrize(
    "settings",
    [{"snr_thres": 5.0}, {"decibel_thres": -20.0}, {"fe_prior_thres": 1.0}, {"output_frame_probs": True}],
)
def test_settings_that_need_more_are_left_to_funasr(
    recordings: list[np.ndarray], settings: dict[str, Any]
) -> None:
    try:
        ours, theirs = load(registry.CompiledFsmnVad, **settings), load(FsmnVADStreaming, **settings)
        answers = [model.generate(input=recordings[0])[0]["value"] for model in (ours, theirs)]
    finally:
        registry.register()
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "settings",
    [{"chunk_size": 200, "is_final": True}, {"max_end_silence_time": 400}, {"speech_noise_thres": 0.9}],
)
def test_calls_that_ask_for_more_are_left_to_funasr(
    detectors: tuple[Any, Any], recordings: list[np.ndarray], settings: dict[str, Any]
) -> None:
    answers = [model.generate(input=recordings[0], cache={}, **settings)[0]["value"] for model in detectors]
    assert answers[0] == answers[1]
    assert answers[0]


@pytest.mark.parametrize("samples", [1, 399, 400, 401, 1_200, 16_000, 960_000, 960_001, 1_920_000])
def test_every_length_ends_as_with_funasr(
    detectors: tuple[Any, Any], recordings: list[np.ndarray], samples: int
) -> None:
    recording = np.resize(recordings[0], samples)
    answers = []
    for model in detectors:
        try:
            answers.append(model.generate(input=recording)[0]["value"])
        except (ZeroDivisionError, RuntimeError, IndexError) as exc:  # funasr, below a frame
            answers.append(type(exc))
    assert answers[0] == answers[1] or answers == [[], ZeroDivisionError]


@pytest.mark.parametrize("shares", [(97, 60), (250, 250), (1500, 250), (10**6, 10**6)])
def test_shares_make_no_difference(
    detectors: tuple[Any, Any],
    recordings: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    shares: tuple[int, int],
) -> None:
    detectors[0].generate(input=recordings[0])
    network = detectors[0].model._network
    samples = torch.from_numpy(recordings[0])
    mels = network.mels(samples)
    whole = network._session.run(None, {"mels": mels.numpy()})[0]
    monkeypatch.setattr(vad_network, "MOST_FRAMES", shares[0])
    monkeypatch.setattr(vad_network, "FEWEST_FRAMES", shares[1])
    assert torch.equal(network.mels(samples), mels)
    assert np.array_equal(network.silence(mels, 0), whole)
    assert np.array_equal(network.silence(mels, 300), whole[300:])


@pytest.fixture
def as_on_a_gpu(detectors: tuple[Any, Any], recordings: list[np.ndarray]) -> Iterator[Any]:
    """Our detector with the network that a GPU has, here on the CPU."""
    ours = detectors[0]
    ours.generate(input=recordings[0])
    model, of_the_cpu = ours.model, ours.model._network
    model._network = TorchNetwork(model.encoder, ours.kwargs["frontend"].cmvn, model.vad_opts.sil_pdf_ids)
    yield ours
    model._network = of_the_cpu


def test_what_a_gpu_computes(
    detectors: tuple[Any, Any], recordings: list[np.ndarray], as_on_a_gpu: Any
) -> None:
    theirs = detectors[1]
    for recording in [*recordings, np.resize(recordings[0], 150 * 16_000), recordings[0][:400]]:
        ours = as_on_a_gpu.generate(input=recording)[0]["value"]
        assert ours == theirs.generate(input=recording)[0]["value"]
    network = as_on_a_gpu.model._network
    mels = network.mels(torch.from_numpy(recordings[0]))
    with torch.inference_mode():
        np.testing.assert_allclose(network.silence(mels, 300), network.silence(mels, 0)[300:], atol=1e-6)


def test_without_memory_on_the_gpu_speech_is_found_on_the_cpu(
    recordings: list[np.ndarray], as_on_a_gpu: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    recording = np.resize(recordings[0], 150 * 16_000)
    expected = as_on_a_gpu.generate(input=recording)[0]["value"]
    network = as_on_a_gpu.model._network
    calls: list[int] = []

    def silence(mels: torch.Tensor, first: int) -> np.ndarray:
        calls.append(first)
        if len(calls) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return TorchNetwork.silence(network, mels, first)

    monkeypatch.setattr(network, "silence", silence)
    assert as_on_a_gpu.generate(input=recording)[0]["value"] == expected
    assert len(calls) == 2
    assert isinstance(as_on_a_gpu.model._network, vad_network.Network)
    assert "显存不足" in caplog.text


def test_every_step_of_the_network_stays_on_the_device(
    imagined_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
    with torch.device("cuda:0"):
        encoder = FSMN(**NETWORK["encoder_conf"])
    network = TorchNetwork(encoder, torch.empty(2, 400), [0, 1])
    result = network.probabilities(network.mels(torch.empty(16_000)), 50)
    assert (result.device.type, result.shape) == ("cuda", (44,))


def test_a_stream_carries_context_only(detectors: tuple[Any, Any], recordings: list[np.ndarray]) -> None:
    cache: dict[str, Any] = {}
    minute = np.resize(recordings[0], 60 * 16_000)
    sizes = []
    for _ in range(5):
        detectors[0].generate(input=minute, cache=cache, is_final=False, chunk_size=60_000)
        stream = cache["stream"]
        sizes.append(len(stream.waiting) + len(stream.samples) + stream.mels.numel())
    assert set(cache) == {"stream"}
    assert max(sizes) < 10_000
