"""A picker for recordings on the server, confined to one directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.i18n import I18nData


def confined_explorer(root: Path, label: I18nData | None = None) -> gr.FileExplorer:
    """Return gradio's file picker for `root`, which no symbolic link leads out of.

    gradio refuses absolute paths and `..`, but follows links.
    """
    explorer = gr.FileExplorer(
        root_dir=root, file_count="multiple", value=[], label=label, elem_id="sv-server", max_height=240
    )
    joined = explorer._safe_join

    def inside(parts: list[str]) -> str:
        path = joined(parts)
        if not Path(path).resolve().is_relative_to(root.resolve()):
            raise InvalidPathError("outside of the media directory")
        return path

    explorer._safe_join = inside  # type: ignore[method-assign,assignment]
    return explorer


def recordings(chosen: Sequence[str] | None, root: Path | None) -> list[Path]:
    """Return the chosen files below `root`, without folders."""
    if root is None:
        return []
    paths = [Path(path).resolve() for path in chosen or ()]
    return [path for path in paths if path.is_file() and path.is_relative_to(root.resolve())]
