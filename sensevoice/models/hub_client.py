"""What is asked of ModelScope and Hugging Face: a snapshot of a model, and what its files should be."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sensevoice.models.checksums import Listed

MODELSCOPE_PATIENCE = {
    "MODELSCOPE_API_MAX_RETRIES": "1",
    "MODELSCOPE_API_TIMEOUT": "5",
    "MODELSCOPE_REPO_TREE_PAGE_TIMEOUT_SECONDS": "10",
    "MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS": "2",
}
"""How long ModelScope, which reads this at import, tries to list a model's files. By its own measure a
machine without network waits 24 s, and one whose proxy stays silent over a minute, to learn that there
is none; downloads have settings of their own."""

LARGE_BYTES = 10 << 20
"""Only such files get a bar of their own in the terminal."""

OnBytes = Callable[[int], None]
"""Gets how many bytes have come altogether, those of an interrupted download included."""


def snapshot(
    repository: str,
    hub: str,
    cache_dir: str | None,
    local_files_only: bool,
    on_bytes: OnBytes = lambda done: None,
) -> str:
    """Return the snapshot folder; both hubs show progress, resume, and keep the files."""
    counter = _Counter(on_bytes)
    if hub == "hf":
        import huggingface_hub

        return str(
            huggingface_hub.snapshot_download(
                repository,
                cache_dir=cache_dir,
                local_files_only=local_files_only,
                tqdm_class=_counting_tqdm(counter),
            )
        )
    _be_patient()
    from modelscope.hub.snapshot_download import snapshot_download

    return str(
        snapshot_download(
            repository,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            progress_callbacks=[_counting_callback(counter)],
        )
    )


def listed_files(repository: str, hub: str, directory: Path | None = None) -> dict[str, Listed]:
    """Return size and hash of every file of a repository, by name, as the hub lists them.

    `directory` is the snapshot they are for. Raises what the hubs' clients raise.
    """
    if hub == "hf":
        import huggingface_hub

        revision = directory.name if directory is not None else None  # a snapshot is named after its commit
        result = huggingface_hub.HfApi().list_repo_tree(repository, recursive=True, revision=revision)
        return {item.path: _listed_by_hf(item) for item in result if hasattr(item, "blob_id")}
    _be_patient()
    from modelscope_hub.api import HubApi

    endpoint = HubApi().resolve_endpoint_for_read(repository, repo_type="model")  # as a download does
    files = HubApi(endpoint=endpoint).list_repo_files(repository, "model")
    return {item.path: Listed(item.size, item.sha256) for item in files if not item.is_dir}


def _listed_by_hf(item: Any) -> Listed:
    """Large files are listed with their SHA-256, small ones with what git calls them."""
    if item.lfs is not None:
        return Listed(item.size, item.lfs.sha256)
    return Listed(item.size, git_sha1=item.blob_id)


def _be_patient() -> None:
    for name, value in MODELSCOPE_PATIENCE.items():
        os.environ.setdefault(name, value)


class _Counter:
    """Adds up what several threads fetch."""

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes = on_bytes
        self._lock = threading.Lock()
        self._done = 0

    def add(self, size: int) -> None:
        with self._lock:
            self._done += size
            self._on_bytes(self._done)


def _counting_callback(counter: _Counter) -> type:
    """Return a class as ModelScope wants it, of which it makes an object for each file."""
    from modelscope.hub.callback import ProgressCallback, TqdmCallback

    class Counting(ProgressCallback):  # type: ignore[misc]
        def __init__(self, filename: str, file_size: int) -> None:
            super().__init__(filename, file_size)
            self._bar = TqdmCallback(filename, file_size) if file_size >= LARGE_BYTES else None

        def update(self, size: int) -> None:
            counter.add(size)
            if self._bar is not None:
                self._bar.update(size)

        def end(self) -> None:
            if self._bar is not None:
                self._bar.end()

    return Counting


def _counting_tqdm(counter: _Counter) -> type:
    """Return Hugging Face's own bar, counting what is written: of its bars, the one of that name."""
    from huggingface_hub.utils.tqdm import tqdm

    class Counting(tqdm):
        def __init__(self, *args: Any, **settings: Any) -> None:
            self._counts = settings.get("name") == "huggingface_hub.snapshot_download"
            super().__init__(*args, **settings)  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> bool | None:
            if self._counts and n:
                counter.add(int(n))
            shown: bool | None = super().update(n)
            return shown

    return Counting
