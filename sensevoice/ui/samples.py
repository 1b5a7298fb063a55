"""The recordings that the page offers to try, as buttons: those that are there."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from sensevoice.ui.components import words
from sensevoice.ui.desk import Desk
from sensevoice.ui.settings import PageSettings, Sample


class Samples:
    """A row of buttons; those of the released model show when it is found. `cache` is gradio's folder."""

    def __init__(self, settings: PageSettings, cache: str) -> None:
        self._settings = settings
        self._cache = cache
        found = self._found()
        with gr.Row(elem_id="sv-samples", visible=any(found)) as self.row:
            gr.HTML(words("samples"), elem_classes="sv-help")
            self.buttons = [
                gr.Button(words(f"sample_{number}"), size="sm", min_width=60, visible=is_found)
                for number, is_found in enumerate(found)
            ]

    @property
    def parts(self) -> list[Any]:
        """The components that `updates` is about, in its order."""
        return [self.row, *self.buttons]

    def updates(self) -> list[Any]:
        """Return what gradio has to change, so that only samples that are there are offered."""
        found = self._found()
        return [gr.update(visible=visible) for visible in (any(found), *found)]

    def connect(self, desk: gr.State, file: gr.File, tabs: gr.Tabs, **how: Any) -> None:
        """Have each button choose its recording."""
        for button, sample in zip(self.buttons, self._settings.samples, strict=True):
            button.click(self._loader(sample), desk, [file, tabs], **how)

    def _found(self) -> list[bool]:
        return [self._settings.sample_file(sample) is not None for sample in self._settings.samples]

    def _loader(self, sample: Sample) -> Any:
        def load(desk: Desk) -> tuple[Any, dict[str, Any]]:
            path = self._settings.sample_file(sample)
            if path is None:  # gone since the button was shown
                return gr.skip(), gr.skip()
            desk.source = "file"
            # gradio serves only files of its cache, and the samples lie in the program.
            return [save_file_to_cache(path, self._cache)], gr.update(selected="file")

        return load
