"""The stages stand in one order, each may use only those before it, and each library has one owner."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sensevoice"

ORDER = (
    "errors",
    "environment",
    "hangup",
    "supervisor",
    "workdir",
    "door",
    "options",
    "transcript",
    "progress",
    "language_names",
    "tags",
    "audio_info",
    "levels",
    "sniff",
    "pyav_decoder",
    "pyav_seeking",
    "pyav_encoder",
    "ffmpeg_cli",
    "decoders",
    "cell",
    "audio",
    "diagnostics",
    "sounds",
    "spans",
    "words",
    "recognizer",
    "asking",
    "scheduler",
    "loading",
    "readahead",
    "segmenter",
    "batching",
    "hearing",
    "bundled",
    "fingerprints",
    "hub_client",
    "hub",
    "engine",
    "precision",
    "automodel",
    "cpu_model",
    "speech_finder",
    "models",
    "pipeline",
    "highlights",
    "coverage",
    "measures",
    "formats",
    "jobs",
    "folder",
    "arguments",
    "startup",
    "ui",
)
"""A module, or a package with all that is in it, imports only what stands before it."""

OWNERS = {
    "av": {"pyav_decoder.py", "pyav_seeking.py", "pyav_encoder.py"},
    "ffmpeg": {"ffmpeg_cli.py"},
    "torch": {"engine", "precision.py", "cpu_model.py", "automodel.py", "models.py", "startup.py"},
    "funasr": {"engine", "cpu_model.py", "automodel.py", "formats/emoji.py"},
    "onnx": {"engine"},
    "onnxruntime": {"engine"},
    "numba": {"engine"},
    "pysubs2": {"formats"},
    "opencc": {"formats/traditional.py"},
    "modelscope": {"hub_client.py"},
    "modelscope_hub": {"hub_client.py"},
    "huggingface_hub": {"hub_client.py"},
}
"""The files, or the package, that may import a library; ui/ alone may import gradio."""

LAZY = {
    ("torch", "precision.py"),
    ("torch", "cpu_model.py"),
    ("torch", "automodel.py"),
    ("torch", "models.py"),
    ("torch", "startup.py"),
    ("funasr", "cpu_model.py"),
    ("funasr", "automodel.py"),
    ("funasr", "formats/emoji.py"),
    ("opencc", "formats/traditional.py"),
}
"""Loading these takes seconds, so they are imported inside the functions that need them."""

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def stage_of(path: Path) -> str:
    """Return the first part of the module's name below the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the dotted name of every import, wherever it stands; relative ones are not used here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports in full"
            assert node.module is not None
            if node.module == "sensevoice":
                yield from ((f"sensevoice.{alias.name}", node) for alias in node.names)
            else:
                yield node.module, node


def imports(path: Path) -> list[tuple[str, ast.stmt]]:
    return list(imported(ast.parse(path.read_text("utf-8"))))


def test_every_module_has_its_place_in_the_order() -> None:
    assert {stage_of(path) for path in FILES} - {"__init__"} == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_imports_only_what_stands_before_it(path: Path) -> None:
    stage = stage_of(path)
    before = set() if stage == "__init__" else set(ORDER[: ORDER.index(stage)])
    used = {name.split(".")[1] for name, _ in imports(path) if name.startswith("sensevoice.")}
    used -= {"__version__"}
    if path.parent != PACKAGE:
        used -= {stage}  # the modules of one package know each other
    assert used <= before


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_library_is_imported_by_its_owner_alone(path: Path) -> None:
    for name, _ in imports(path):
        library = name.split(".")[0]
        if library == "gradio":
            assert stage_of(path) == "ui"
        owners = OWNERS.get(library, {name_of(path)})
        assert owners & {name_of(path), stage_of(path)}, f"{name_of(path)} imports {library}"


@pytest.mark.parametrize(("library", "file"), sorted(LAZY))
def test_heavy_libraries_are_imported_on_use(library: str, file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text("utf-8"))
    everywhere = [node for name, node in imported(tree) if name.split(".")[0] == library]
    assert everywhere
    assert not [node for node in everywhere if node in tree.body]


@pytest.mark.parametrize("stage", ["segmenter", "hearing", "pipeline", "models", "folder", "hub"])
def test_the_stages_know_nothing_of_the_page(stage: str) -> None:
    names = [name for name, _ in imports(PACKAGE / f"{stage}.py")]
    assert not [name for name in names if name.startswith(("sensevoice.ui", "gradio"))]


def loaded_after(statement: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return {"torch", "torchaudio", "funasr", "gradio", "modelscope", "transformers"} & set(
        done.stdout.split()
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    modules = [stage for stage in ORDER if stage not in ("engine", "ui")]
    assert loaded_after("import " + ", ".join(f"sensevoice.{module}" for module in modules)) == set()


def test_the_engine_is_what_loads_them() -> None:
    """Otherwise the test above would find nothing because it looks in the wrong place."""
    assert {"torch", "funasr"} <= loaded_after("import sensevoice.engine")


def test_importing_the_package_starts_no_thread_and_opens_no_connection() -> None:
    code = (
        "import socket, threading\n"
        "socket.socket.connect = None\n"
        "import sensevoice.arguments, sensevoice.pipeline, sensevoice.startup\n"
        "print(threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["1"]
