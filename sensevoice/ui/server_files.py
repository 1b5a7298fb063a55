"""A picker for recordings that are on the server already, confined to one directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError


def confined_explorer(root: Path, **more: Any) -> gr.FileExplorer:
    """Return gradio's picker for `root`, out of which no link leads either.

    gradio refuses absolute paths and `..`, but follows links.
    """
    explorer = gr.FileExplorer(root_dir=root, file_count="multiple", value=[], **more)
    joined = explorer._safe_join

    def inside(parts: list[str]) -> str:
        path = joined(parts)
        if not Path(path).resolve().is_relative_to(root.resolve()):
            raise InvalidPathError("outside of the media directory")
        return path

    explorer._safe_join = inside  # type: ignore[method-assign,assignment]
    return explorer


def recordings(chosen: Sequence[str] | None, root: Path | None) -> list[Path]:
    """Return the files that were picked, checked once more, without folders."""
    if root is None:
        return []
    paths = [Path(path).resolve() for path in chosen or ()]
    return [path for path in paths if path.is_file() and path.is_relative_to(root.resolve())]
