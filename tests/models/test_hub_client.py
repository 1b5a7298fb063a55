"""Both hubs' real clients against a stand-in server on loopback: what they refuse, and what we do."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest

from sensevoice.models.sources import hub_client
from sensevoice.models.sources.hub_client import snapshot
from tests.hub_server import HubServer, serve

ROOT = Path(__file__).resolve().parents[2]
LARGE = "model.pt"
FILES = {
    "config.yaml": b"model: SenseVoiceSmall\n",
    "configuration.json": b'{"file_path_metas": {"init_param": "model.pt"}}',
    "am.mvn": b"<AddShift> 0 0 <Rescale> 1 1 </Nnet>",
    LARGE: bytes(range(256)) * 80,
}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with serve(dict(FILES)) as server:
        yield server


def run(code: str, hub: HubServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that sees the stand-in where both hubs are; they read their address at import."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | hub.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )


def flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


DOWNLOAD = """
import sys
from pathlib import Path
from sensevoice.models.sources.hub_client import snapshot
directory = Path(snapshot("org/model", sys.argv[1], sys.argv[2], False, lambda *n: print("bytes", *n)))
print("accepted", (directory / sys.argv[3]).read_bytes().hex())
"""


@pytest.mark.parametrize("name", [LARGE, "am.mvn"], ids=["large", "small"])
@pytest.mark.parametrize(("hub_name", "refuses"), [("ms", True), ("hf", False)])
def test_which_client_refuses_a_file_of_the_right_size_with_a_flipped_bit(
    hub: HubServer, tmp_path: Path, hub_name: str, refuses: bool, name: str
) -> None:
    """Why sources/checksums.py compares what Hugging Face's cache holds, and nothing of ModelScope's."""
    hub.delivered[name] = flipped(FILES[name])
    done = run(DOWNLOAD, hub, hub_name, str(tmp_path), name)
    if refuses:
        assert done.returncode and "Hash mismatch" in done.stderr
        assert not list(tmp_path.rglob(name))
    else:
        assert f"accepted {hub.delivered[name].hex()}" in done.stdout


@pytest.mark.parametrize("hub_name", ["ms", "hf"])
def test_the_bytes_of_a_download_are_counted(hub: HubServer, tmp_path: Path, hub_name: str) -> None:
    done = run(DOWNLOAD, hub, hub_name, str(tmp_path), LARGE)
    counts = [tuple(map(int, line.split()[1:])) for line in done.stdout.splitlines() if "bytes" in line]
    whole = sum(map(len, FILES.values()))
    assert counts[-1] == (whole, whole), done.stderr
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)


FETCH = """
import sys
from sensevoice.errors import SenseVoiceError
from sensevoice.models.sources import hub
from sensevoice.models.sources import files
for _ in range(int(sys.argv[3])):
    try:
        directory = hub.find_model("org/model", sys.argv[1], sys.argv[2], announce=lambda line: None)
        found = files.verify(directory)
        print("verified", len(found.sha256))
    except SenseVoiceError as error:
        print("refused", error)
"""


@pytest.mark.parametrize("name", [LARGE, "am.mvn"], ids=["large", "small"])
@pytest.mark.parametrize("hub_name", ["ms", "hf"])
def test_damage_on_the_way_is_refused_and_fetched_anew(
    hub: HubServer, tmp_path: Path, hub_name: str, name: str
) -> None:
    hub.delivered[name] = flipped(FILES[name])
    first = run(FETCH, hub, hub_name, str(tmp_path), "1")
    assert "refused" in first.stdout and name in first.stdout, first.stderr
    hub.delivered.clear()
    second = run(FETCH, hub, hub_name, str(tmp_path), "2")
    assert second.stdout.split("\n") == ["verified 4", "verified 4", ""], second.stderr


def test_damage_in_hugging_faces_cache_is_refused_without_the_network(hub: HubServer, tmp_path: Path) -> None:
    """As another program left it there: never compared, and never recorded."""
    assert "accepted" in run(DOWNLOAD, hub, "hf", str(tmp_path), LARGE).stdout
    (blob,) = (path.resolve() for path in tmp_path.rglob(LARGE))
    blob.write_bytes(flipped(FILES[LARGE]))
    hub.files.clear()
    assert "refused" in run(FETCH, hub, "hf", str(tmp_path), "1").stdout


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_modelscope_counts_the_bytes_of_all_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counts: list[tuple[int, int]] = []

    def download(
        repository: str, cache_dir: str | None, local_files_only: bool, progress_callbacks: Any
    ) -> Path:
        for name, size in (("model.pt", 10_000), ("am.mvn", 1000)):
            (made,) = [kind(name, size) for kind in progress_callbacks]
            made.update(size // 2)
            made.update(size - size // 2)
            made.end()
        return tmp_path

    # By its name in sys.modules: modelscope.hub shows the function under that of the module.
    module = importlib.import_module("modelscope.hub.snapshot_download")
    monkeypatch.setattr(sys.modules[module.__name__], "snapshot_download", download)
    assert snapshot("iic/SenseVoiceSmall", "ms", None, False, lambda *c: counts.append(c)) == str(tmp_path)
    assert counts == [(5_000, 10_000), (10_000, 10_000), (10_500, 11_000), (11_000, 11_000)]


def test_hugging_face_counts_what_is_written_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its client shows bars for files, for what is received and for what is written."""
    counts: list[tuple[int, int]] = []
    create = importlib.import_module("huggingface_hub.utils.tqdm")._create_progress_bar

    def download(repository: str, cache_dir: str | None, local_files_only: bool, tqdm_class: type) -> Path:
        names = ("huggingface_hub.snapshot_download.transfer", "huggingface_hub.snapshot_download", None)
        for name in names:
            with create(cls=tqdm_class, log_level=30, name=name, total=100, unit="B") as bar:
                bar.update(60)
                bar.update(40)
        return tmp_path

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    folder = snapshot("FunAudioLLM/SenseVoiceSmall", "hf", None, False, lambda *c: counts.append(c))
    assert folder == str(tmp_path)
    assert counts == [(60, 100), (100, 100)]


def test_the_patience_is_set_before_modelscope_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {"MODELSCOPE_API_TIMEOUT": "60"}
    monkeypatch.setattr(hub_client, "os", SimpleNamespace(environ=environment))
    module = importlib.import_module("modelscope.hub.snapshot_download")
    monkeypatch.setattr(sys.modules[module.__name__], "snapshot_download", lambda *_, **__: "folder")
    assert snapshot("iic/SenseVoiceSmall", "ms", None, True) == "folder"
    assert environment["MODELSCOPE_API_TIMEOUT"] == "60", "what the user chose stands"
    assert environment["MODELSCOPE_API_MAX_RETRIES"] == "1"
