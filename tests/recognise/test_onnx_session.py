"""A graph that is begun to be opened before it is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from sensevoice.recognise.onnx_session import open_ahead, open_session


def write(path: Path, kind: str) -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    path.write_bytes(model.SerializeToString())


def answer(path: Path) -> float:
    return float(open_session(str(path)).run(None, {"x": np.array([2], np.float32)})[0][0])


def test_it_serves_once_and_the_file_is_read_again_after_that(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    write(path, "Identity")
    open_ahead(str(path))
    assert answer(path) == 2
    write(path, "Neg")
    assert answer(path) == -2


def test_what_opening_raises_is_raised_where_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"no graph")
    open_ahead(str(path))
    with pytest.raises(Exception, match=r"(?i)protobuf"):
        open_session(str(path))
