"""Opens a graph of SenseVoiceSmall on ONNX Runtime, if need be while funasr is still being imported."""

from __future__ import annotations

import functools
from concurrent.futures import Future

import onnxruntime

from sensevoice.runtime.background import begin
from sensevoice.runtime.cpus import usable_cores

SPIN_US = "20"
"""How long its threads wait awake for their next share, a millisecond as ONNX Runtime has it. Asleep at once,
waking them costs a clip alone a sixth of its time; awake for long, they take the cores from the clips beside
them, and on a busy machine half of everybody's time."""

_ahead: dict[str, Future[onnxruntime.InferenceSession]] = {}


def open_ahead(graph: str) -> None:
    """Begin to open a file: whoever opens it next gets that, or what it raised."""
    _ahead[graph] = begin(functools.partial(_open, graph), "graph")


def open_session(graph: str | bytes) -> onnxruntime.InferenceSession:
    """Open a graph, a file or its content, with a thread a core."""
    begun = _ahead.pop(graph, None) if isinstance(graph, str) else None
    return begun.result() if begun else _open(graph)


def _open(graph: str | bytes) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = usable_cores()
    settings.add_session_config_entry("session.intra_op.spin_duration_us", SPIN_US)
    return onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
