"""What is asked of ModelScope's and Hugging Face's clients: a snapshot of a model."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

MODELSCOPE_PATIENCE = {
    "MODELSCOPE_API_MAX_RETRIES": "1",
    "MODELSCOPE_API_TIMEOUT": "5",
    "MODELSCOPE_REPO_TREE_PAGE_TIMEOUT_SECONDS": "10",
    "MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS": "2",
}
"""How long ModelScope, which reads this at import, tries to list a model's files. By its own measure a
machine without network waits 24 s, and one whose proxy stays silent over a minute, to learn that there
is none; downloads have settings of their own."""

OnBytes = Callable[[int, int], None]
"""Gets how many bytes have come, and how many are expected as far as is known by then."""


def snapshot(
    repository: str,
    hub: str,
    cache_dir: str | None,
    local_files_only: bool,
    on_bytes: OnBytes = lambda done, total: None,
) -> str:
    """Return the snapshot folder; both clients show progress, resume, and keep the files.

    ModelScope's compares every file, those in its cache included, with the SHA-256 that it lists, and refuses
    what differs; Hugging Face's compares sizes only. Raises what the clients raise.
    """
    counter = _Counter(on_bytes)
    settings: dict[str, Any] = {"cache_dir": cache_dir, "local_files_only": local_files_only}
    if hub == "hf":
        import huggingface_hub

        settings["tqdm_class"] = _counting_tqdm(counter)
        return str(huggingface_hub.snapshot_download(repository, **settings))
    for name, value in MODELSCOPE_PATIENCE.items():
        os.environ.setdefault(name, value)
    from modelscope.hub.snapshot_download import snapshot_download

    settings["progress_callbacks"] = [_counting_callback(counter)]
    return str(snapshot_download(repository, **settings))


class _Counter:
    """Adds up what several threads fetch."""

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes = on_bytes
        self._lock = threading.Lock()
        self._done = self._total = 0

    def expect(self, size: int) -> None:
        with self._lock:
            self._total += size

    def add(self, size: int, total: int = 0) -> None:
        """Count `size` bytes more; `total` in place of what was expected, where a client knows it."""
        with self._lock:
            self._done += size
            total = total or self._total
            self._on_bytes(min(self._done, total), total)


def _counting_callback(counter: _Counter) -> type:
    """Return ModelScope's own bar, counting; it makes an object for each file."""
    from modelscope.hub.callback import TqdmCallback

    class Counting(TqdmCallback):  # type: ignore[misc]
        def __init__(self, filename: str, file_size: int) -> None:
            super().__init__(filename, file_size)
            counter.expect(file_size)

        def update(self, size: int) -> None:
            super().update(size)
            counter.add(size)

    return Counting


def _counting_tqdm(counter: _Counter) -> type:
    """Return Hugging Face's own bar, counting what is written: of its bars, the one of that name."""
    from huggingface_hub.utils.tqdm import tqdm

    class Counting(tqdm):
        def __init__(self, *args: Any, **settings: Any) -> None:
            self._counts = settings.get("name") == "huggingface_hub.snapshot_download"
            super().__init__(*args, **settings)  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            if self._counts and n:
                counter.add(int(n), int(self.total or 0))
            return shown

    return Counting
