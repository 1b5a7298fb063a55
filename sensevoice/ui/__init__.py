"""The page and its API; the only package that imports gradio."""

from sensevoice.ui.launch import launch_arguments, queue_arguments
from sensevoice.ui.page import build_app
from sensevoice.ui.settings import DemoInfo, PageSettings, Sample, TranscribeFn, bundled_demo

__all__ = [
    "DemoInfo",
    "PageSettings",
    "Sample",
    "TranscribeFn",
    "build_app",
    "bundled_demo",
    "launch_arguments",
    "queue_arguments",
]
