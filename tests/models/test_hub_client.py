"""What is asked of the two hubs, over stand-ins for their clients; there is no network in a test."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import modelscope_hub.api
import pytest
from huggingface_hub.hf_api import RepoFile, RepoFolder
from modelscope_hub.types import FileInfo

from sensevoice.models import hub_client
from sensevoice.models.checksums import Listed
from sensevoice.models.hub_client import LARGE_BYTES, listed_files, snapshot

SHA256 = "0123456789abcdef" * 4
SHA1 = "0123456789" * 4


def test_modelscope_lists_size_and_sha256(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its client makes them of the answer of /api/v1/models/…/repo/files."""
    asked: list[Any] = []

    class Api:
        def __init__(self, endpoint: str | None = None) -> None:
            self.endpoint = endpoint

        def resolve_endpoint_for_read(self, repository: str, repo_type: str) -> str:
            return "https://hub.invalid"

        def list_repo_files(self, repository: str, repo_type: str) -> list[FileInfo]:
            asked.append((self.endpoint, repository, repo_type))
            raw = [
                {"path": "model.pt", "size": 936291369, "sha256": SHA256, "type": "blob"},
                {"path": "example", "size": 0, "type": "tree"},
                {"path": "example/zh.mp3", "size": 44973, "sha256": None, "type": "blob"},
            ]
            return [FileInfo.from_dict(item) for item in raw]

    monkeypatch.setattr(modelscope_hub.api, "HubApi", Api)
    assert listed_files("iic/SenseVoiceSmall", "ms") == {
        "model.pt": Listed(936291369, SHA256),
        "example/zh.mp3": Listed(44973),
    }
    assert asked == [("https://hub.invalid", "iic/SenseVoiceSmall", "model")]


def test_modelscope_hands_the_sha256_of_its_answer_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its real client between a made-up answer and us."""
    answer = [
        {"Path": "am.mvn", "Name": "am.mvn", "Size": 11203, "Sha256": SHA256, "Type": "blob", "Mode": "33188"}
    ]
    api = modelscope_hub.api.HubApi
    monkeypatch.setattr(api, "resolve_endpoint_for_read", lambda *_, **__: "https://hub.invalid")
    legacy = type(api(endpoint="https://hub.invalid").legacy)
    monkeypatch.setattr(legacy, "_list_files_page", lambda *_, **__: answer)
    assert listed_files("iic/SenseVoiceSmall", "ms") == {"am.mvn": Listed(11203, SHA256)}


def test_hugging_face_lists_sha256_of_large_and_git_names_of_small_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def tree(self: Any, repository: str, recursive: bool, revision: str | None) -> Iterator[Any]:
        asked.append((repository, recursive, revision))
        lfs = {"size": 936291369, "oid": SHA256, "pointerSize": 134}
        yield RepoFile(path="model.pt", size=936291369, oid=SHA1, lfs=lfs)
        yield RepoFolder(path="example", oid=SHA1)
        yield RepoFile(path="config.yaml", size=1855, oid=SHA1)

    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_tree", tree)
    result = listed_files("FunAudioLLM/SenseVoiceSmall", "hf", Path("/cache/snapshots/abc123"))
    assert result == {"model.pt": Listed(936291369, SHA256), "config.yaml": Listed(1855, git_sha1=SHA1)}
    assert asked == [("FunAudioLLM/SenseVoiceSmall", True, "abc123")]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_modelscope_counts_the_bytes_of_all_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counts: list[int] = []

    def download(
        repository: str, cache_dir: str | None, local_files_only: bool, progress_callbacks: Any
    ) -> Path:
        for name, size in (("model.pt", LARGE_BYTES), ("am.mvn", 1000)):
            (made,) = [kind(name, size) for kind in progress_callbacks]
            made.update(size // 2)
            made.update(size - size // 2)
            made.end()
        return tmp_path

    # By its name in sys.modules: modelscope.hub shows the function under that of the module.
    module = importlib.import_module("modelscope.hub.snapshot_download")
    monkeypatch.setattr(sys.modules[module.__name__], "snapshot_download", download)
    assert snapshot("iic/SenseVoiceSmall", "ms", None, False, counts.append) == str(tmp_path)
    assert counts == [LARGE_BYTES // 2, LARGE_BYTES, LARGE_BYTES + 500, LARGE_BYTES + 1000]


def test_hugging_face_counts_what_is_written_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its client shows bars for files, for what is received and for what is written."""
    counts: list[int] = []
    create = importlib.import_module("huggingface_hub.utils.tqdm")._create_progress_bar

    def download(repository: str, cache_dir: str | None, local_files_only: bool, tqdm_class: type) -> Path:
        names = ("huggingface_hub.snapshot_download.transfer", "huggingface_hub.snapshot_download", None)
        for name in names:
            with create(cls=tqdm_class, log_level=30, name=name, total=100, unit="B") as bar:
                bar.update(60)
                bar.update(40)
        return tmp_path

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert snapshot("FunAudioLLM/SenseVoiceSmall", "hf", None, False, counts.append) == str(tmp_path)
    assert counts == [60, 100]


def test_the_patience_is_set_before_modelscope_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {"MODELSCOPE_API_TIMEOUT": "60"}
    monkeypatch.setattr(hub_client, "os", SimpleNamespace(environ=environment))
    hub_client._be_patient()
    assert environment["MODELSCOPE_API_TIMEOUT"] == "60", "what the user chose stands"
    assert environment["MODELSCOPE_API_MAX_RETRIES"] == "1"
