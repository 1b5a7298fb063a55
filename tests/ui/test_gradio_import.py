"""gradio is imported without making type stubs for editors."""

from __future__ import annotations

import inspect
from pathlib import Path

import gradio as gr
import pytest
from gradio import component_meta

from sensevoice.ui.gradio_import import without_stubs


def test_gradio_reads_and_writes_no_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[Path] = []
    monkeypatch.setattr(Path, "read_text", lambda path, *_, **__: touched.append(path) or "")
    with without_stubs():
        component_meta.create_or_modify_pyi(gr.Textbox, "Textbox", [])
    assert touched == []


def test_others_are_found_meanwhile() -> None:
    with without_stubs():
        assert inspect.getfile(Path).endswith("pathlib.py")
    assert Path(inspect.getfile(gr.Textbox)).name == "textbox.py"
