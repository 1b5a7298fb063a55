"""What the page says about the models: that they are being loaded and how far, ready, or not to be had."""

from __future__ import annotations

from html import escape

from sensevoice.loading import ModelStatus
from sensevoice.progress import LoadStep
from sensevoice.ui.text import Reader, say

ASK_S = 1.0
"""How often an open page asks while the models are being loaded."""


def status_line(status: ModelStatus, version: str, reader: Reader) -> str:
    """Return the line at the top as HTML: `iic/SenseVoiceSmall · cuda:0 · 就绪`."""
    info = status.info
    state = "demo" if status.state == "ready" and info.demo else status.state
    said = say(f"state_{state}", reader)
    if status.state == "loading":
        said = say("loading_and_what", reader, state=said, what=step_text(status.step, reader))
    text = " · ".join(escape(part) for part in (info.name, info.device, said) if part)
    return f'<span class="sv-{state}" title="SenseVoice {escape(version)}" role="status">{text}</span>'


def name_only(status: ModelStatus, version: str) -> str:
    """Return what stands there before the page has asked."""
    return f'<span class="sv-asking" title="SenseVoice {escape(version)}">{escape(status.info.name)}</span>'


def waiting_line(status: ModelStatus, reader: Reader) -> str:
    """Return why a job does not begin yet."""
    return say("waiting_for_model", reader, what=step_text(status.step, reader))


def step_text(step: LoadStep, reader: Reader) -> str:
    """Return what is being done: `下载模型 312 / 936 MB`."""
    if step.step == "download" and step.total_bytes:
        done_mb, total_mb = step.done_bytes / 1e6, step.total_bytes / 1e6
        return say("step_downloaded", reader, done=f"{done_mb:.0f}", total=f"{total_mb:.0f}")
    return say(f"step_{step.step}", reader)
