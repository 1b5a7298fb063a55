"""The real models behind funasr: damage is never silent, and one bad clip costs that clip alone."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from sensevoice.audio.source import SAMPLES_PER_MS, open_audio, select_channels
from sensevoice.errors import ModelError, ModelFileDamaged, ModelFileMissing, SelfTestFailed
from sensevoice.models import funasr_model, loader
from sensevoice.models.graphs.known_speech import known_clip
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.models.sources import checksums, demo
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.tags.parse import parse
from sensevoice.transcript import ModelInfo

pytestmark = pytest.mark.slow

REFERENCE = Path(
    os.environ.get("SENSEVOICE_REFERENCE", Path(__file__).resolve().parents[2] / "../shared/reference")
)
RELEASED_VAD = REFERENCE / "fsmn-vad"

VAD_DIRECTORIES = [
    pytest.param(demo.VAD_DIR, id="bundled"),
    pytest.param(
        RELEASED_VAD,
        id="released",
        marks=pytest.mark.skipif(
            not RELEASED_VAD.is_dir(), reason=f"no {RELEASED_VAD} (SENSEVOICE_REFERENCE)"
        ),
    ),
]

Damage = Callable[[Path], object]


def edit_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    """Return a damage that changes the stored weights, by name."""

    def damage(directory: Path) -> None:
        weights = torch.load(directory / "model.pt", weights_only=True)
        change(weights)
        torch.save(weights, directory / "model.pt")

    return damage


def first_matrix(weights: dict[str, torch.Tensor]) -> str:
    return next(name for name, tensor in weights.items() if tensor.ndim == 2)


def wrong_shape(weights: dict[str, torch.Tensor]) -> None:
    name = first_matrix(weights)
    weights[name] = weights[name][:-1].clone()


def one_nan(weights: dict[str, torch.Tensor]) -> None:
    weights[first_matrix(weights)][0, 0] = float("nan")


def lose_one(weights: dict[str, torch.Tensor]) -> None:
    del weights[first_matrix(weights)]


def cut(file: str) -> Damage:
    def damage(directory: Path) -> None:
        content = (directory / file).read_bytes()
        (directory / file).write_bytes(content[: len(content) * 2 // 3])

    return damage


def write(file: str, content: bytes) -> Damage:
    return lambda directory: (directory / file).write_bytes(content)


def remove(file: str) -> Damage:
    return lambda directory: (directory / file).unlink()


def replace_text(file: str, old: str, new: str) -> Damage:
    def damage(directory: Path) -> None:
        text = (directory / file).read_text("utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new), "utf-8")

    return damage


def scale_of_another_size(directory: Path) -> None:
    """Leave one number out of both lists: every other check passes."""
    lines = (directory / "am.mvn").read_text("utf-8").splitlines()
    lines = [" ".join([*line.split()[:3], *line.split()[4:]]) if "Coef" in line else line for line in lines]
    (directory / "am.mvn").write_text("\n".join(lines))


def network_of_another_model(directory: Path) -> None:
    torch.save(torch.nn.Linear(3, 3).state_dict(), directory / "model.pt")


def sixteen_to_eight_khz(directory: Path) -> None:
    config = yaml.safe_load((directory / "config.yaml").read_text("utf-8"))
    config["frontend_conf"]["fs"] = 8000
    (directory / "config.yaml").write_text(yaml.safe_dump(config))


DAMAGES: dict[str, tuple[Damage, str]] = {
    "weights missing": (remove("model.pt"), "model.pt"),
    "weights empty": (write("model.pt", b""), "model.pt"),
    "weights cut": (cut("model.pt"), "model.pt"),
    "weights are noise": (write("model.pt", np.random.default_rng(1).bytes(100_000)), "model.pt"),
    "weights of another network": (network_of_another_model, "model.pt"),
    "weights are a list": (lambda directory: torch.save([1] * 20_000, directory / "model.pt"), "model.pt"),
    "one weight lost": (edit_weights(lose_one), "model.pt"),
    "one weight of another shape": (edit_weights(wrong_shape), "model.pt"),
    "one weight not a number": (edit_weights(one_nan), "model.pt"),
    "scale missing": (remove("am.mvn"), "am.mvn"),
    "scale empty": (write("am.mvn", b""), "am.mvn"),
    "scale cut": (cut("am.mvn"), "am.mvn"),
    "scale of another size": (scale_of_another_size, "am.mvn"),
    "scale not a number": (
        replace_text("am.mvn", "<LearnRateCoef> 0 [ ", "<LearnRateCoef> 0 [ nan "),
        "am.mvn",
    ),
    "scale not named": (replace_text("configuration.json", "cmvn_file", "other_file"), "am.mvn"),
    "configuration missing": (remove("config.yaml"), "config.yaml"),
    "configuration not YAML": (write("config.yaml", b"model: ["), "config.yaml"),
    "configuration of nothing": (write("config.yaml", b"model: NoSuchModel\n"), "config.yaml"),
    "configuration of 8 kHz": (sixteen_to_eight_khz, "config.yaml"),
    "description missing": (remove("configuration.json"), "configuration.json"),
    "description not JSON": (write("configuration.json", b"{"), "configuration.json"),
}


def check_named(error: ModelError, directory: Path, file: str) -> None:
    assert isinstance(error, (ModelFileDamaged, ModelFileMissing))
    assert error.data["file"] == file
    for language in ("zh", "en"):
        assert file in error.message(language)
        assert str(directory) in error.message(language)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("source", VAD_DIRECTORIES)
def test_a_damaged_detector_names_its_file(source: Path, damage: tuple[Damage, str], tmp_path: Path) -> None:
    known = shutil.ignore_patterns(checksums.RECORD)  # would tell of any damage first
    directory = shutil.copytree(source, tmp_path / "vad", ignore=known)
    damage[0](directory)
    with pytest.raises(ModelError) as caught:
        load_recognizer(ModelSettings(str(demo.ASR_DIR), str(directory), device="cpu"))
    check_named(caught.value, directory, damage[1])


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_recogniser_names_its_file(damage: tuple[Damage, str], tmp_path: Path) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "asr")
    damage[0](directory)
    with pytest.raises(ModelError) as caught:
        load_recognizer(ModelSettings(str(directory), str(demo.VAD_DIR), device="cpu"))
    check_named(caught.value, directory, damage[1])


@pytest.mark.parametrize("content", [b"", b"not a vocabulary"], ids=["empty", "noise"])
def test_a_damaged_vocabulary_names_its_file(tmp_path: Path, content: bytes) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "asr")
    vocabulary = next(directory.glob("*.bpe.model"))
    vocabulary.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_recognizer(ModelSettings(str(directory), str(demo.VAD_DIR), device="cpu"))
    check_named(caught.value, directory, vocabulary.name)


@pytest.mark.parametrize("wrong", [demo.VAD_DIR, demo.ASR_DIR], ids=["detector", "recogniser"])
def test_two_models_of_the_same_kind_are_refused(wrong: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_recognizer(ModelSettings(str(wrong), str(wrong), device="cpu"))
    check_named(caught.value, wrong, "config.yaml")


def test_weights_that_fit_and_know_nothing_fail_the_self_test(tmp_path: Path) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "asr")
    edit_weights(lambda weights: [tensor.zero_() for tensor in weights.values()])(directory)
    with pytest.raises(SelfTestFailed) as caught:
        load_recognizer(ModelSettings(str(directory), str(demo.VAD_DIR), device="cpu"))
    assert str(directory) in caught.value.message("zh")


def test_weights_saved_before_zip_files_are_read(tmp_path: Path) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "asr")
    weights = torch.load(directory / "model.pt", weights_only=True)
    torch.save(weights, directory / "model.pt", _use_new_zipfile_serialization=False)
    load_recognizer(ModelSettings(str(directory), str(demo.VAD_DIR), device="cpu"))


class RunsOnLoad:
    """Pickled, it would write a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("which", ["asr", "vad"])
def test_no_code_of_a_model_directory_is_run(tmp_path: Path, which: str) -> None:
    directory = shutil.copytree(getattr(demo, f"{which.upper()}_DIR"), tmp_path / which)
    marker = tmp_path / "was run"
    code = directory / "model.py"
    code.write_text(f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n")
    (directory / "requirements.txt").write_text("a-package-that-must-not-be-installed\n")
    config = yaml.safe_load((directory / "config.yaml").read_text("utf-8"))
    config |= {"trust_remote_code": True, "remote_code": str(code)}
    (directory / "config.yaml").write_text(yaml.safe_dump(config))
    places = {"asr": demo.ASR_DIR, "vad": demo.VAD_DIR} | {which: directory}
    load_recognizer(ModelSettings(str(places["asr"]), str(places["vad"]), device="cpu"))
    assert not marker.exists()


def test_code_in_the_weights_is_not_run(tmp_path: Path) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "asr")
    marker = tmp_path / "was run"
    edit_weights(lambda weights: weights.update(extra=RunsOnLoad(marker)))(directory)  # type: ignore[arg-type]
    with pytest.raises(ModelFileDamaged, match=r"model\.pt"):
        load_recognizer(ModelSettings(str(directory), str(demo.VAD_DIR), device="cpu"))
    assert not marker.exists()


@pytest.fixture(scope="module")
def recognizer(demo_recognizer: FunasrRecognizer) -> FunasrRecognizer:
    return demo_recognizer


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    """The first spoken utterances of the first sample recording."""
    sample = demo.sample_recordings()[0]
    with open_audio(sample.path) as source:
        samples = np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])
    return [
        samples[item.start_ms * SAMPLES_PER_MS : item.end_ms * SAMPLES_PER_MS]
        for item in sample.utterances
        if item.text
    ][:3]


@pytest.fixture(scope="module")
def alone(recognizer: FunasrRecognizer, clips: list[np.ndarray]) -> list[Recognition]:
    """What is recognised in the clips when nothing else is asked."""
    return recognise(recognizer, clips)


def recognise(recognizer: FunasrRecognizer, clips: list[np.ndarray], **options: Any) -> list[Recognition]:
    return list(recognizer.recognise(clips, Options(**options)))


class TestClips:
    def test_no_clips_no_answers(self, recognizer: FunasrRecognizer) -> None:
        assert recognise(recognizer, []) == []

    def test_the_known_sentences(self, clips: list[np.ndarray], alone: list[Recognition]) -> None:
        spoken = [item.text for item in demo.sample_recordings()[0].utterances if item.text]
        assert parse(alone[0].raw).text == spoken[0]
        assert all(answer.error is None and answer.tokens for answer in alone)
        assert len(alone) == len(clips)

    def test_the_same_clip_gives_the_same_answer(
        self, recognizer: FunasrRecognizer, clips: list[np.ndarray], alone: list[Recognition]
    ) -> None:
        assert recognise(recognizer, clips) == alone

    @pytest.mark.parametrize(
        "odd",
        [
            np.zeros(1, np.float32),
            np.zeros(0, np.float32),
            np.full(16_000, np.nan, np.float32),
            np.full(16_000, np.inf, np.float32),
            np.zeros(16_000, np.float32),
            np.full(16_000, 1e30, np.float32),
            np.full(16_000, 1e-40, np.float32),
            (np.random.default_rng(0).standard_normal(16_000) * 3_000).astype(np.int16),
            np.random.default_rng(0).standard_normal(16_000),
            np.zeros(32_000, np.float32)[::2],
        ],
        ids=[
            "1 sample",
            "none",
            "NaN",
            "infinity",
            "silence",
            "huge",
            "denormal",
            "int16",
            "float64",
            "stride",
        ],
    )
    def test_an_odd_clip_gets_one_answer_and_harms_no_other(
        self,
        recognizer: FunasrRecognizer,
        clips: list[np.ndarray],
        alone: list[Recognition],
        odd: np.ndarray,
    ) -> None:
        before = odd.copy()
        answers = recognise(recognizer, [clips[0], odd, clips[1]])
        assert len(answers) == 3
        assert [answers[0], answers[2]] == alone[:2]
        assert isinstance(answers[1], Recognition)
        assert np.array_equal(odd, before, equal_nan=True)

    def test_a_few_wrong_samples_do_not_silence_a_clip(
        self, recognizer: FunasrRecognizer, clips: list[np.ndarray]
    ) -> None:
        broken = clips[0].copy()
        broken[1_000:1_003] = np.nan
        text = parse(recognise(recognizer, [clips[0]])[0].raw).text
        assert parse(recognise(recognizer, [broken])[0].raw).text == text


class BatchingRecognizer(FunasrRecognizer):
    """The loaded models with the batches of a GPU."""

    def __init__(self, loaded: FunasrRecognizer) -> None:
        self.__dict__.update(loaded.__dict__)
        self._info = ModelInfo("demo", "demo", "cuda:0")


class ScriptedModel:
    """Stands where funasr's AutoModel stands; `answer` gives its results, or raises."""

    def __init__(self, answer: Callable[[list[np.ndarray]], list[dict[str, Any]]]) -> None:
        self.answer = answer
        self.batches: list[int] = []

    def generate(self, input: list[np.ndarray], **settings: Any) -> list[dict[str, Any]]:
        self.batches.append(len(input))
        return self.answer(input)


def result(clip: np.ndarray) -> dict[str, Any]:
    return {"key": "x", "text": f"<|zh|>{len(clip)}", "tokens": [], "scores": []}


@pytest.fixture(params=["cpu", "cuda:0"])
def scripted(request: pytest.FixtureRequest, recognizer: FunasrRecognizer) -> FunasrRecognizer:
    made = BatchingRecognizer(recognizer)
    made._info = ModelInfo("demo", "demo", request.param)
    return made


CLIPS = [np.zeros(2_000 + number, np.float32) for number in range(5)]
TEXTS = [f"<|zh|>{len(clip)}" for clip in CLIPS]

SHORTAGES = [
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
]


class TestFaultsInside:
    def test_a_clip_that_raises_costs_that_clip_only(self, scripted: FunasrRecognizer) -> None:
        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            if any(len(clip) == len(CLIPS[2]) for clip in clips):
                raise ZeroDivisionError("float division by zero")
            return [result(clip) for clip in clips]

        scripted._model = ScriptedModel(answer)
        answers = list(scripted.recognise(CLIPS, Options()))
        assert [item.raw for item in answers] == [*TEXTS[:2], "", *TEXTS[3:]]
        assert [item.error for item in answers] == [
            None, None, "ZeroDivisionError: float division by zero", None, None,
        ]  # fmt: skip

    def test_a_batch_that_does_not_fit_is_halved_until_it_does(self, recognizer: FunasrRecognizer) -> None:
        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            if len(clips) > 2:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory")
            return [result(clip) for clip in clips]

        batching = BatchingRecognizer(recognizer)
        batching._model = ScriptedModel(answer)
        assert [item.raw for item in batching.recognise(CLIPS, Options())] == TEXTS
        assert batching._model.batches == [5, 2, 3, 1, 2]
        list(batching.recognise(CLIPS, Options()))
        assert batching._model.batches[5] == 5, "the next batch is tried whole again"

    @pytest.mark.parametrize("shortage", SHORTAGES, ids=lambda error: str(error)[:40])
    def test_every_name_of_a_memory_shortage_halves_the_batch(
        self, recognizer: FunasrRecognizer, shortage: Exception
    ) -> None:
        faults: list[str] = []

        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            if len(clips) > 2:
                raise shortage
            return [result(clip) for clip in clips]

        batching = BatchingRecognizer(recognizer)
        batching._on_device_fault = faults.append
        batching._model = ScriptedModel(answer)
        assert [item.raw for item in batching.recognise(CLIPS, Options())] == TEXTS
        assert faults == [], "there is nothing that a new process could mend"

    @pytest.mark.parametrize("shortage", SHORTAGES, ids=lambda error: str(error)[:40])
    def test_a_clip_that_does_not_fit_even_alone_is_recognised_on_the_cpu(
        self, recognizer: FunasrRecognizer, caplog: pytest.LogCaptureFixture, shortage: Exception
    ) -> None:
        opened: list[ScriptedModel] = []

        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            if any(len(clip) == len(CLIPS[4]) for clip in clips):
                raise shortage
            return [result(clip) for clip in clips]

        def open_on_cpu() -> ScriptedModel:
            opened.append(ScriptedModel(lambda clips: [result(clip) for clip in clips]))
            return opened[-1]

        batching = BatchingRecognizer(recognizer)
        batching._model, batching._open_on_cpu = ScriptedModel(answer), open_on_cpu
        for _ in range(2):
            assert [item.raw for item in batching.recognise(CLIPS, Options())] == TEXTS
        assert [model.batches for model in opened] == [[1, 1]], "opened once, for that clip alone"
        assert "on the CPU" in caplog.text

    def test_a_clip_that_fits_nowhere_is_told_with_what_to_do(self, recognizer: FunasrRecognizer) -> None:
        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

        batching = BatchingRecognizer(recognizer)
        batching._model = ScriptedModel(answer)
        batching._open_on_cpu = lambda: ScriptedModel(answer)
        errors = [item.error or "" for item in batching.recognise(CLIPS, Options())]
        assert len(errors) == 5 and all("显存不足" in each and "--device cpu" in each for each in errors)

    def test_a_poisoned_device_starts_the_program_over(self, scripted: FunasrRecognizer) -> None:
        reasons: list[str] = []
        scripted._on_device_fault = reasons.append

        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            raise RuntimeError("CUDA error: device-side assert triggered")

        scripted._model = ScriptedModel(answer)
        list(scripted.recognise(CLIPS[:1], Options()))
        assert reasons and "device-side assert" in reasons[0]

    @pytest.mark.parametrize(
        "answer",
        [
            lambda clips: [],
            lambda clips: [result(clip) for clip in clips[1:]],
            lambda clips: [result(clip) for clip in [*clips, *clips]],
            lambda clips: [{"key": "x"} for _ in clips],
            lambda clips: None,
        ],
        ids=["none", "one too few", "twice as many", "without text", "nothing at all"],
    )
    def test_answers_that_do_not_fit_the_clips_are_errors(
        self, scripted: FunasrRecognizer, answer: Callable[[list[np.ndarray]], Any]
    ) -> None:
        scripted._model = ScriptedModel(answer)
        answers = list(scripted.recognise(CLIPS, Options()))
        assert len(answers) == len(CLIPS)
        assert all(item.error and not item.raw for item in answers)

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
    def test_being_stopped_is_no_fault_of_a_clip(
        self, scripted: FunasrRecognizer, error: type[BaseException]
    ) -> None:
        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            raise error

        scripted._model = ScriptedModel(answer)
        with pytest.raises(error):
            list(scripted.recognise(CLIPS, Options()))
        assert not scripted._model_lock.locked()

    def test_the_memory_of_a_gpu_is_kept_between_batches_and_given_back_when_one_fails(
        self, recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given_back: list[int] = []
        monkeypatch.setattr(torch.cuda, "empty_cache", torch.cuda.empty_cache)  # put back after the test
        monkeypatch.setattr(torch.cuda.memory, "empty_cache", lambda: given_back.append(1))
        funasr_model.keep_gpu_memory()

        def answer(clips: list[np.ndarray]) -> list[dict[str, Any]]:
            torch.cuda.empty_cache()  # as funasr does after every batch
            if len(clips) > 3:
                raise RuntimeError("CUDA out of memory")
            return [result(clip) for clip in clips]

        batching = BatchingRecognizer(recognizer)
        batching._model = ScriptedModel(answer)
        assert [item.raw for item in batching.recognise(CLIPS[:3], Options())] == TEXTS[:3]
        assert given_back == []
        assert [item.raw for item in batching.recognise(CLIPS, Options())] == TEXTS
        assert given_back == [1]

    @pytest.mark.parametrize("cores", [1, 2])
    def test_on_a_cpu_answers_come_as_soon_as_each_core_has_heard_a_clip(
        self, recognizer: FunasrRecognizer, cores: int
    ) -> None:
        a_clip_a_core = BatchingRecognizer(recognizer)
        a_clip_a_core._clips_at_once = cores
        a_clip_a_core._info = ModelInfo("demo", "demo", "cpu")
        a_clip_a_core._model = ScriptedModel(lambda clips: [result(clip) for clip in clips])
        answers: Iterator[Recognition] = a_clip_a_core.recognise(CLIPS, Options())
        assert next(answers).raw == TEXTS[0]
        assert a_clip_a_core._model.batches == [cores]
        assert [answer.raw for answer in answers] == TEXTS[1:]

    def test_on_a_gpu_the_clips_go_together(self, recognizer: FunasrRecognizer) -> None:
        batching = BatchingRecognizer(recognizer)
        batching._model = ScriptedModel(lambda clips: [result(clip) for clip in clips])
        assert [item.raw for item in batching.recognise(CLIPS, Options())] == TEXTS
        assert batching._model.batches == [5]

    def test_on_a_gpu_clips_of_similar_length_go_together(self, recognizer: FunasrRecognizer) -> None:
        batching = BatchingRecognizer(recognizer)
        batching._batch_s = 3.0
        batching._model = ScriptedModel(lambda clips: [result(clip) for clip in clips])
        clips = [np.zeros(length, np.float32) for length in (40_000, 8_000, 16_000, 8_001, 90_000)]
        results = [item.raw for item in batching.recognise(clips, Options())]
        assert results == [f"<|zh|>{len(clip)}" for clip in clips]
        assert batching._model.batches == [3, 1, 1]


class TestThreads:
    THREADS = 8
    CALLS = 20

    def test_requests_in_other_languages_do_not_mix(
        self, recognizer: FunasrRecognizer, clips: list[np.ndarray]
    ) -> None:
        """Each answer is the one that the same request gets alone."""
        clip = min(clips, key=len)
        requests: list[dict[str, Any]] = [
            {"language": language, "use_itn": use_itn}
            for language in ("zh", "en", "ja", "auto")
            for use_itn in (True, False)
        ]
        alone = [recognise(recognizer, [clip], **request)[0] for request in requests]
        assert len({answer.raw for answer in alone}) > 1
        ready = threading.Barrier(self.THREADS)

        def ask(thread: int) -> list[tuple[int, Recognition]]:
            ready.wait()
            order = [(thread + call) % len(requests) for call in range(self.CALLS)]
            return [(number, recognise(recognizer, [clip], **requests[number])[0]) for number in order]

        with ThreadPoolExecutor(self.THREADS) as pool:
            answers = [answer for part in pool.map(ask, range(self.THREADS)) for answer in part]
        assert len(answers) == self.THREADS * self.CALLS
        for number, answer in answers:
            assert answer == alone[number]

    def test_recordings_side_by_side_do_not_mix(
        self, recognizer: FunasrRecognizer, clips: list[np.ndarray]
    ) -> None:
        gap = np.zeros(16_000, np.float32)
        recordings = [np.concatenate([gap, clip, gap, clip[::-1], gap]) for clip in clips[:4]]

        def segments(samples: np.ndarray) -> list[Any]:
            finder = recognizer.open_speech_finder()
            result = [finder.feed(samples[start : start + 5_000]) for start in range(0, len(samples), 5_000)]
            return [*result, finder.finish()]

        alone = [segments(recording) for recording in recordings]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(segments, recordings)) == alone


def test_the_device_of_the_models_is_the_one_named(recognizer: FunasrRecognizer) -> None:
    assert recognizer.info == ModelInfo(recognizer.info.name, recognizer.info.vad_name, "cpu", demo=True)
    assert next(recognizer._model.model.parameters()).device.type == "cpu"


def test_loading_says_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """funasr prints tables, warnings and a version check; a start shows our lines alone."""
    lines: list[str] = []
    settings = ModelSettings(str(demo.ASR_DIR), str(demo.VAD_DIR), device="cpu")
    loader.load_recognizer(settings, announce=lines.append)
    assert len(lines) == 2
    assert capfd.readouterr() == ("", "")


def test_speech_that_cannot_be_looked_for_is_found_at_the_start(
    demo_recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no such node")

    monkeypatch.setattr(demo_recognizer._vad, "generate", broken)
    with pytest.raises(SelfTestFailed, match=r"fsmn-vad.*no such node"):
        demo_recognizer.self_test(known_clip())
