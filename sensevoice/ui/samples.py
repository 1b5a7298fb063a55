"""Buttons for the sample recordings that are there."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from sensevoice.ui.components import ChoiceArguments, t
from sensevoice.ui.session import PageSession
from sensevoice.ui.settings import PageSettings, Sample


class Samples:
    """A row of buttons; those of the released model appear when it is found. `cache` is gradio's folder."""

    def __init__(self, settings: PageSettings, cache: str) -> None:
        self._settings = settings
        self._cache = cache
        found = self._found()
        with gr.Row(elem_id="sv-samples", visible=any(found)) as self.row:
            gr.HTML(t("samples"), elem_classes="sv-help")
            self.buttons = [
                gr.Button(t(f"sample_{number}"), size="sm", min_width=60, visible=is_found)
                for number, is_found in enumerate(found)
            ]

    @property
    def parts(self) -> list[gr.components.Component | gr.Row]:
        """The components of `updates`, in its order."""
        return [self.row, *self.buttons]

    def updates(self) -> list[dict[str, object]]:
        """Return gradio's updates that show the buttons of the samples that are there."""
        found = self._found()
        return [gr.update(visible=visible) for visible in (any(found), *found)]

    def connect(self, session: gr.State, file: gr.File, tabs: gr.Tabs, events: ChoiceArguments) -> None:
        """Make each button choose its recording."""
        for button, sample in zip(self.buttons, self._settings.samples, strict=True):
            button.click(self._loader(sample), session, [file, tabs], **events)

    def _found(self) -> list[bool]:
        return [self._settings.sample_file(sample) is not None for sample in self._settings.samples]

    def _loader(self, sample: Sample) -> Callable[[PageSession], tuple[object, dict[str, object]]]:
        def load(session: PageSession) -> tuple[object, dict[str, object]]:
            path = self._settings.sample_file(sample)
            if path is None:  # gone since the button was shown
                return gr.skip(), gr.skip()
            session.source = "file"
            # gradio serves only files of its cache, and the samples are part of the program.
            return [save_file_to_cache(path, self._cache)], gr.update(selected="file")

        return load
