"""SenseVoiceSmall for a CPU: the fastest of several ONNX graphs that answers speech as the weights do.

Which graph is fastest, and which is exact enough, depends on the processor and on the weights. So at the
first start the candidates for this processor are timed on a piece of the network, then made, fastest first,
until one passes the check: text, tags and frames on known speech, beside the same weights on torch. It is
kept, as is what was found out about the others: a refused graph is not made again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensevoice.errors import ModelFileDamaged, first_line
from sensevoice.models import funasr_model
from sensevoice.models.graphs import cache, check
from sensevoice.models.graphs.agreement import Agreement, Answer, compare
from sensevoice.models.graphs.cache import Verdict
from sensevoice.models.graphs.candidates import RELEVANT, Rounding, bounds_of, candidates, cpu_flags
from sensevoice.models.graphs.known_speech import check_clips, known_clip
from sensevoice.models.sources.files import ModelFiles
from sensevoice.progress import LoadStep
from sensevoice.protocols import FunasrModel

log = logging.getLogger(__name__)

KEPT_FROM_BYTES = 64_000_000
"""The graph of smaller weights is made in a tenth of a second: not worth a file."""


def open_model(
    files: ModelFiles,
    precision: str,
    announce: Callable[[str], None],
    on_step: Callable[[LoadStep], None] = lambda step: None,
) -> tuple[FunasrModel, str]:
    """Return funasr's AutoModel for a verified directory on the CPU, and the precision that it has.

    `precision` is "auto", "fp32" or "int8"; the last is held to even where no 8-bit graph passes the check,
    with a warning. Where there is no graph, torch answers. Raises ModelFileDamaged when the model itself is.
    """
    graphs = _Graphs(files, precision, announce)
    opened = graphs.open_stored()
    if opened is None:
        on_step(LoadStep("prepare"))
        opened = graphs.make(_reference(files, graphs.names))
    model, rounding = opened
    return model, "fp32" if rounding == "fp32" else "int8"


@dataclass(frozen=True)
class _Reference:
    """The weights on torch, as arrays, and what they answer to known speech."""

    model: FunasrModel
    weights: Mapping[str, np.ndarray]
    heads: int
    clips: Sequence[np.ndarray]
    answers: Sequence[Answer]

    @property
    def is_large(self) -> bool:
        return _is_large(self.weights)


def _is_large(weights: Mapping[str, np.ndarray]) -> bool:
    return sum(array.nbytes for array in weights.values()) >= KEPT_FROM_BYTES


def _reference(files: ModelFiles, names: Sequence[str]) -> _Reference:
    model = funasr_model.open_model("SenseVoiceSmall", files.directory, "cpu")
    weights = {name: tensor.float().numpy() for name, tensor in model.model.state_dict().items()}
    heads = int(model.kwargs["encoder_conf"]["attention_heads"])
    small = not _is_large(weights)
    # The bundled model in fp32 is opened this way at every start.
    clips = [known_clip()] if small and tuple(names) == ("fp32",) else check_clips(files.directory)
    return _Reference(model, weights, heads, clips, check.answers_of_torch(model, clips))


class _Graphs:
    """The graphs that a model can have on this machine, and what is known of them."""

    def __init__(self, files: ModelFiles, precision: str, announce: Callable[[str], None]) -> None:
        import onnxruntime

        from sensevoice.recognise import onnx_graph

        self._directory = files.directory
        self._forced = precision == "int8"
        self._announce = announce
        self._flags = cpu_flags()
        self.names = candidates(precision, self._flags)
        self._key = cache.key_of(files, onnx_graph.VERSION)
        parts = (self._key, onnxruntime.__version__, *sorted(self._flags & RELEVANT))
        self._record = cache.read_record(self._directory, " ".join(parts))

    def open_stored(self) -> tuple[FunasrModel, Rounding] | None:
        """Open the graph that an earlier start decided for, unless its file has changed since."""
        name = self._decided()
        path = cache.find(self._directory, name, self._key) if name else None
        if name is None or path is None or self._record.verdicts[name].stamp != cache.stamp_of(path):
            return None
        try:
            return funasr_model.open_graph(self._directory, path), name
        except ModelFileDamaged:
            log.warning("%s does not load and is made again / 无法载入，将重新生成", path)
            return None

    def make(self, reference: _Reference) -> tuple[FunasrModel, Rounding]:
        """Time the candidates and make them in the order of their speed; return the first that passes."""
        if reference.is_large:
            self._announce("preparing for this CPU, once / 首次启动：正在为 CPU 选择并生成计算图 …")
        if len(self.names) > 1 and not self._record.seconds.keys() >= set(self.names):
            self._record.seconds = check.seconds_of(self.names, reference.weights, reference.heads)
        opened = next(self._passing(reference), None) or self._as_asked(reference)
        if reference.is_large:
            with _only_a_warning():
                cache.write_record(self._directory, self._record)
        if opened is not None:
            return opened
        log.warning("torch recognises: no graph answers as the weights do / 没有可用的计算图，改用 torch")
        return reference.model, "fp32"

    def _in_order(self) -> list[Rounding]:
        """Return the candidates, fastest first as far as that is known."""
        return sorted(self.names, key=lambda name: self._record.seconds.get(name, float("inf")))

    def _decided(self) -> Rounding | None:
        """Return the graph that an earlier start came to, None if there was none, or it came to torch."""
        for name in self._in_order():
            verdict = self._record.verdicts.get(name)
            if verdict is None or verdict.passed:
                return name if verdict else None
        return self._in_order()[0] if self._forced else None

    def _passing(self, reference: _Reference) -> Iterator[tuple[FunasrModel, Rounding]]:
        """Yield each graph that passes; none is made again that was refused on this machine."""
        for name in self._in_order():
            verdict = self._record.verdicts.get(name)
            if verdict is not None and not verdict.passed:
                continue
            stored = cache.find(self._directory, name, self._key)
            model = self._checked(name, stored, reference) if stored else None
            model = model or self._checked(name, None, reference)
            if model is not None:
                yield model, name

    def _checked(self, name: Rounding, stored: Path | None, reference: _Reference) -> FunasrModel | None:
        """Return a stored graph, or one that is made now, if it answers as the weights do."""
        try:
            graph = stored or _build(name, reference)
            model = funasr_model.open_graph(self._directory, graph)
            result = compare(reference.answers, check.answers_of_graph(model, reference.clips))
        except Exception as exc:  # whatever onnx has against these weights, torch can still run them
            log.warning("no %s graph for / 无法生成计算图 %s: %s", name, self._directory, first_line(exc))
            log.debug("", exc_info=True)
            return None
        if result.is_within(bounds_of(name, self._flags)):
            self._accept(name, graph, result, reference)
            return model
        log.warning("%s is not used / 不采用: %s (%s)", name, result, stored or self._directory)
        if stored is None:
            self._record.verdicts[name] = Verdict(False, str(result))
        return None

    def _accept(self, name: Rounding, graph: Path | bytes, result: Agreement, reference: _Reference) -> None:
        """Keep a graph, and what the check said of it."""
        if reference.is_large:
            self._announce(f"{name}: {result}")
        passed = result.is_within(bounds_of(name, self._flags))
        self._record.verdicts[name] = Verdict(passed, str(result), self._stamp_of(name, graph, reference))

    def _stamp_of(self, name: Rounding, graph: Path | bytes, reference: _Reference) -> list[int] | None:
        """Store a graph, unless it is, or is too small; return what its file is known by."""
        if isinstance(graph, bytes) and reference.is_large:
            with _only_a_warning():
                graph = cache.store(self._directory, name, self._key, graph)
        return cache.stamp_of(graph) if isinstance(graph, Path) else None

    def _as_asked(self, reference: _Reference) -> tuple[FunasrModel, Rounding] | None:
        """Open the fastest 8-bit graph, though it was refused, if that precision was asked for by name."""
        name = self._in_order()[0]
        verdict = self._record.verdicts.get(name)
        if not self._forced or verdict is None:  # None: it cannot even be made
            return None
        log.warning("--precision int8 is used as asked / 按要求使用 int8: %s", verdict.reason)
        graph = _build(name, reference)
        stamp = self._stamp_of(name, graph, reference)
        self._record.verdicts[name] = Verdict(False, verdict.reason, stamp)
        return funasr_model.open_graph(self._directory, graph), name


def _build(name: Rounding, reference: _Reference) -> bytes:
    from sensevoice.recognise import onnx_graph

    content: bytes = onnx_graph.build(reference.weights, reference.heads, name).SerializeToString()
    return content


@contextlib.contextmanager
def _only_a_warning() -> Iterator[None]:
    """Go on where nothing can be kept: the next start does it once more."""
    try:
        yield
    except OSError as exc:
        log.warning("the graph cannot be kept and will be made again / 计算图无法保存: %s", exc)
