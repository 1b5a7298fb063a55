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
    "headerless",
    "web",
    "vocabulary",
    "runtime",
    "access",
    "options",
    "transcript",
    "progress",
    "protocols",
    "tags",
    "audio",
    "analysis",
    "vad",
    "segment",
    "recognise",
    "speakers",
    "transcribe",
    "models",
    "formats",
    "jobs",
    "fleet",
    "search",
    "clips",
    "webhooks",
    "minutes",
    "live",
    "api",
    "ui",
    "cli",
)
"""A module, or a folder with all that is in it, imports only what stands before it."""

OWNERS = {
    "av": {"audio/decoding", "audio/opus.py", "audio/media.py", "clips/worker"},
    "ffmpeg": {"audio/decoding/ffmpeg.py"},
    "torch": {
        "audio/features.py",
        "speakers/features.py",
        "vad",
        "recognise",
        "models",
        "cli/startup.py",
        "cli/check/worker.py",
    },
    "funasr": {
        "audio/features.py",
        "vad",
        "recognise",
        "models",
        "formats/emoji.py",
        "cli/check/worker.py",  # funasr's own call, to compare with
    },
    "onnx": {"vad/graph.py", "recognise/onnx_graph.py", "speakers/graph.py"},
    "onnxruntime": {"vad", "recognise", "models/graphs/cpu_model.py", "models/voice_encoder.py"},
    "scipy": {"speakers/cluster.py", "transcribe/speaker_tracker.py"},
    "numba": {"vad/state_machine.py", "vocabulary/ctc_beam.py"},
    "pypinyin": {"vocabulary/sounds.py"},
    "jellyfish": {"vocabulary/sounds.py"},
    "pysubs2": {"formats"},
    "opencc": {"formats/traditional.py"},
    "ray": {"fleet/ray_fleet.py"},
    "docx": {"formats/document.py"},
    "xlsxwriter": {"formats/spreadsheet.py"},
    "modelscope": {"models/sources/hub_client.py"},
    "modelscope_hub": {"models/sources/hub_client.py"},
    "huggingface_hub": {"models/sources/hub_client.py"},
}
"""The files, or the folder, that may import a library; ui/ alone may import gradio."""

LAZY = {
    ("torch", "models/precision.py"),
    ("torch", "models/graphs/check.py"),
    ("torch", "models/funasr_model.py"),
    ("torch", "models/device.py"),
    ("torch", "models/gpu_model.py"),
    ("torch", "models/voice_encoder.py"),
    ("torch", "cli/startup.py"),
    ("funasr", "models/graphs/check.py"),
    ("funasr", "models/funasr_model.py"),
    ("funasr", "models/voice_encoder.py"),
    ("funasr", "formats/emoji.py"),
    ("opencc", "formats/traditional.py"),
    ("ray", "fleet/ray_fleet.py"),
    ("docx", "formats/document.py"),
    ("xlsxwriter", "formats/spreadsheet.py"),
    ("pypinyin", "vocabulary/sounds.py"),
    ("torch", "cli/check/worker.py"),
    ("funasr", "cli/check/worker.py"),
    ("onnxruntime", "models/graphs/cpu_model.py"),
    ("onnxruntime", "models/voice_encoder.py"),
}
"""Loading these takes seconds, so they are imported inside the functions that need them."""

HEAVY = (
    "audio/features.py",
    "models/registry.py",
    "models/funasr_imports.py",
    "recognise/cuda_encoder.py",
    "recognise/ctc.py",
    "recognise/onnx_graph.py",
    "recognise/onnx_model.py",
    "recognise/scores.py",
    "recognise/torch_model.py",
    "vad/cuda.py",
    "vad/graph.py",
    "vad/model.py",
    "vad/network.py",
    "vad/state_machine.py",
    "vocabulary/ctc_beam.py",
)
"""What runs inside funasr's models and is imported with them, by `models/registry.py` alone."""

FILES = sorted(PACKAGE.rglob("*.py"))


MODELS = (
    "sources.demo",
    "sources.checksums",
    "sources.files",
    "sources.hub_client",
    "sources.hub",
    "device",
    "precision",
    "funasr_imports",
    "registry",
    "funasr_model",
    "graphs.agreement",
    "graphs.candidates",
    "graphs.known_speech",
    "graphs.check",
    "graphs.cache",
    "graphs.cpu_model",
    "gpu_model",
    "voice_encoder",
    "recognizer",
    "loader",
    "cards",
    "loading",
)
"""Loading a model is a straight line through these: find, verify, open, check, answer; none looks back up."""

FOLDERS_OF_MODELS = ("sensevoice.models.", "sensevoice.models.graphs.", "sensevoice.models.sources.")

SUPERVISED = {"cli/app.py", "cli/serve.py"}
"""What may end the process; recognition reports a fault to whoever loaded it."""


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


def test_loading_a_model_is_a_straight_line() -> None:
    folder = PACKAGE / "models"
    modules = {
        path.relative_to(folder).with_suffix("").as_posix().replace("/", ".") for path in folder.rglob("*.py")
    }
    assert {name for name in modules if not name.endswith("__init__")} == set(MODELS)
    for place, module in enumerate(MODELS):
        tree = ast.parse((folder / f"{module.replace('.', '/')}.py").read_text("utf-8"))
        used = {name.removeprefix("sensevoice.models.") for name, _ in imported(tree)} & set(MODELS)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and f"{node.module}." in FOLDERS_OF_MODELS:
                prefix = f"{node.module}.".removeprefix("sensevoice.models.")
                used |= {prefix + alias.name for alias in node.names} - {"graphs", "sources"}
        assert used <= set(MODELS[:place]), module


def test_only_the_program_itself_knows_its_supervisor() -> None:
    users = {name_of(path) for path in FILES for name, _ in imports(path) if "runtime.supervisor" in name}
    users |= {
        name_of(path)
        for path in FILES
        for name, node in imports(path)
        if name == "sensevoice.runtime"
        and isinstance(node, ast.ImportFrom)
        and "supervisor" in {alias.name for alias in node.names}
    }
    assert users <= SUPERVISED


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_library_is_imported_by_its_owner_alone(path: Path) -> None:
    for name, _ in imports(path):
        library = name.split(".")[0]
        if library == "gradio":
            assert stage_of(path) == "ui"
        owners = OWNERS.get(library, {name_of(path)})
        folder = path.parent.relative_to(PACKAGE).as_posix()
        assert owners & {name_of(path), stage_of(path), folder}, f"{name_of(path)} imports {library}"


@pytest.mark.parametrize(("library", "file"), sorted(LAZY))
def test_heavy_libraries_are_imported_on_use(library: str, file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text("utf-8"))
    everywhere = [node for name, node in imported(tree) if name.split(".")[0] == library]
    assert everywhere
    assert not [node for node in everywhere if node in tree.body]


@pytest.mark.parametrize("stage", ["segment", "transcribe", "models", "jobs", "search"])
def test_the_stages_know_nothing_of_the_page(stage: str) -> None:
    names = [name for path in (PACKAGE / stage).glob("*.py") for name, _ in imports(path)]
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


def test_the_supervisor_loads_neither_the_page_nor_the_models() -> None:
    """It would take seconds before the program itself is even started, and memory for as long as it runs."""
    assert loaded_after("import sensevoice.cli.app") == set()


def test_the_engine_is_what_loads_them() -> None:
    """Otherwise the test above would find nothing because it looks in the wrong place."""
    assert {"torch", "funasr"} <= loaded_after("import sensevoice.models.registry")


def test_importing_the_package_starts_no_thread_and_opens_no_connection() -> None:
    code = (
        "import socket, threading\n"
        "socket.socket.connect = None\n"
        "import sensevoice.cli.arguments, sensevoice.transcribe.pipeline, sensevoice.cli.startup\n"
        "print(threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["1"]
