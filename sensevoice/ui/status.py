"""What the page says about the models: that they are being loaded and how far, ready, or not to be had."""

from __future__ import annotations

from html import escape

from sensevoice.models.loading import ModelStatus
from sensevoice.progress import LoadStep
from sensevoice.ui.i18n import Locale, translate

ASK_S = 1.0
"""How often an open page asks while the models are being loaded."""


def status_line(status: ModelStatus, version: str, locale: Locale) -> str:
    """Return the line at the top as HTML: `iic/SenseVoiceSmall · cuda:0 · 就绪`."""
    info = status.info
    state = "demo" if status.state == "ready" and info.demo else status.state
    message = translate(f"state_{state}", locale)
    if status.state == "loading":
        message = translate("loading_and_what", locale, state=message, what=step_text(status.step, locale))
    text = " · ".join(escape(part) for part in (info.name, info.device, message) if part)
    return f'<span class="sv-{state}" title="SenseVoice {escape(version)}" role="status">{text}</span>'


def name_only(status: ModelStatus, version: str) -> str:
    """Return what stands there before the page has asked."""
    return f'<span class="sv-asking" title="SenseVoice {escape(version)}">{escape(status.info.name)}</span>'


def waiting_line(status: ModelStatus, locale: Locale) -> str:
    """Return why a job does not begin yet."""
    return translate("waiting_for_model", locale, what=step_text(status.step, locale))


def step_text(step: LoadStep, locale: Locale) -> str:
    """Return what is being done: `下载模型 312 / 936 MB`."""
    if step.step == "download" and step.total_bytes:
        done_mb, total_mb = step.done_bytes / 1e6, step.total_bytes / 1e6
        return translate("step_downloaded", locale, done=f"{done_mb:.0f}", total=f"{total_mb:.0f}")
    return translate(f"step_{step.step}", locale)
