"""The recordings that the page offers to try, as buttons: those that are there."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from sensevoice.ui.components import t
from sensevoice.ui.session import PageSession
from sensevoice.ui.settings import PageSettings, Sample


class Samples:
    """A row of buttons; those of the released model show when it is found. `cache` is gradio's folder."""

    def __init__(self, settings: PageSettings, cache: str) -> None:
        self._settings = settings
        self._cache = cache
        result = self._found()
        with gr.Row(elem_id="sv-samples", visible=any(result)) as self.row:
            gr.HTML(t("samples"), elem_classes="sv-help")
            self.buttons = [
                gr.Button(t(f"sample_{number}"), size="sm", min_width=60, visible=is_found)
                for number, is_found in enumerate(result)
            ]

    @property
    def parts(self) -> list[Any]:
        """The components that `updates` is about, in its order."""
        return [self.row, *self.buttons]

    def updates(self) -> list[Any]:
        """Return what gradio has to change, so that only samples that are there are offered."""
        result = self._found()
        return [gr.update(visible=visible) for visible in (any(result), *result)]

    def connect(self, session: gr.State, file: gr.File, tabs: gr.Tabs, **how: Any) -> None:
        """Have each button choose its recording."""
        for button, sample in zip(self.buttons, self._settings.samples, strict=True):
            button.click(self._loader(sample), session, [file, tabs], **how)

    def _found(self) -> list[bool]:
        return [self._settings.sample_file(sample) is not None for sample in self._settings.samples]

    def _loader(self, sample: Sample) -> Any:
        def load(session: PageSession) -> tuple[Any, dict[str, Any]]:
            path = self._settings.sample_file(sample)
            if path is None:  # gone since the button was shown
                return gr.skip(), gr.skip()
            session.source = "file"
            # gradio serves only files of its cache, and the samples lie in the program.
            return [save_file_to_cache(path, self._cache)], gr.update(selected="file")

        return load
