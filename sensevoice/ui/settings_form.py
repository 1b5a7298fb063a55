"""The settings on the page: their components, their presets, and their storage in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import gradio as gr

from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.ui.components import ChoiceArguments, checkbox, dropdown, slider, t
from sensevoice.ui.presets import PRESETS, form_of, preset_of, remembered

FORM = (
    "language",
    "merge_length_s",
    "merge_gap_s",
    "batch_size_s",
    "use_itn",
    "ban_emo_unk",
    "channel",
    "sounds",
    "among",
    "keep_numbers",
    "speakers",
    "hotwords",
)
"""The options that the page offers, in the order of its components; presets leave the last one as it is."""

MAX_HOTWORDS_CHARS = 100_000
"""Of a field that the browser keeps; the longest list of terms is about as long."""


class SettingsForm:
    """The components of FORM. `defaults` are their values at first and after a reset.

    Create it inside gr.Blocks; then call `build_visible` and `build` where they belong, and `connect`.
    """

    def __init__(self, defaults: Options) -> None:
        self._defaults = defaults
        # Not in the accordion: a folded one is not rendered. Nothing here is secret.
        self.kept = gr.BrowserState(None, storage_key="sv-settings", secret="sensevoice")
        self._parts: dict[str, gr.components.Component] = {}

    @property
    def components(self) -> list[gr.components.Component]:
        """The components in the order of FORM."""
        return [self._parts[name] for name in FORM]

    @staticmethod
    def named(values: Sequence[object]) -> dict[str, object]:
        """Return the values of the components by the names of their settings."""
        return dict(zip(FORM, values, strict=True))

    def remembered(self, kept: object) -> list[object]:
        """Return the values that the browser stored, or the defaults, in the order of FORM."""
        return remembered(kept, self._defaults, FORM)

    def build_visible(self) -> None:
        """Create the fields for language and speakers and the presets, which are always visible."""
        self._parts["language"] = dropdown("language", self._defaults.language)
        self._parts["speakers"] = dropdown("speakers", self._defaults.speakers)
        self._build_presets()

    def build(self) -> None:
        """Create all other fields."""
        self._build_joining()
        for name in ("use_itn", "ban_emo_unk", "keep_numbers", "sounds"):
            self._parts[name] = checkbox(name, getattr(self._defaults, name))
        self._parts["among"] = gr.CheckboxGroup(
            [(t(f"language_{name}"), name) for name in SPOKEN_LANGUAGES],
            value=list(self._defaults.among),
            label=t("among"),
            info=t("among_help"),
            elem_id="sv-among",
        )
        self._parts["channel"] = dropdown("channel", self._defaults.channel, info=t("channel_help"))
        self._parts["hotwords"] = gr.Textbox(
            "\n".join(self._defaults.hotwords),
            label=t("hotwords"),
            info=t("hotwords_help"),
            lines=3,
            max_lines=10,
            max_length=MAX_HOTWORDS_CHARS,
            elem_id="sv-hotwords",
        )

    def connect(self, events: ChoiceArguments) -> None:
        """Make presets fill the form, and the browser store it; `events` are the arguments of each event."""
        for name, button in self._presets.items():
            values = form_of(name, self._defaults, FORM)[:-1]
            outputs = [*self.components[:-1], self.kept, *self.preset_parts]
            button.click(partial(self._preset, values), self._parts["hotwords"], outputs, **events)
        gr.on(
            [component.input for component in self.components],  # type: ignore[attr-defined]  # all of these have it
            lambda *values: [self.named(values), *self.shown(values)],
            self.components,
            [self.kept, *self.preset_parts],
            **events,
        )

    def _preset(self, values: list[object], hotwords: str) -> list[object]:
        """Return the form's values for a preset; what somebody typed as hotwords, the last of them, stays."""
        whole = [*values, hotwords]
        return [*values, self.named(whole), *self.shown(whole)]

    @property
    def preset_parts(self) -> list[gr.components.Component]:
        """The components of `shown`, in its order."""
        return [*self._presets.values(), self._preset_help]

    def shown(self, values: Sequence[object]) -> list[object]:
        """Return the updates that show which preset is on with these values, and what it is good for."""
        on = preset_of(self.named(values), self._defaults)
        variants = ["primary" if name == on else "secondary" for name in self._presets]
        return [*(gr.update(variant=variant) for variant in variants), t(f"preset_{on}_help")]

    def _build_presets(self) -> None:
        with gr.Row(elem_id="sv-presets"):
            gr.HTML(t("presets"), elem_classes="sv-help")
            self._presets = {
                name: gr.Button(
                    t(f"preset_{name}"),
                    variant="primary" if name == "none" else "secondary",
                    size="sm",
                    min_width=40,
                    elem_id=f"sv-preset-{name}",
                )
                for name in ("none", *PRESETS)
            }
        self._preset_help = gr.HTML(t("preset_none_help"), elem_id="sv-preset-help", elem_classes="sv-help")

    def _build_joining(self) -> None:
        self._parts["merge_length_s"] = slider("merge_length_s", self._defaults.merge_length_s, step=1)
        self._parts["merge_gap_s"] = slider("merge_gap_s", self._defaults.merge_gap_s, step=0.1)
        # No minimum: gradio would refuse a lower value with an English toast, Options says it in a sentence.
        self._parts["batch_size_s"] = gr.Number(
            self._defaults.batch_size_s,
            label=t("batch_size_s"),
            info=t("batch_size_s_help"),
            elem_id="sv-batch_size_s",
        )
