"""The page and its API; the only package that imports gradio."""

from sensevoice.ui.launch import launch_arguments, queue_arguments
from sensevoice.ui.page import build_app
from sensevoice.ui.routes import job_routes
from sensevoice.ui.settings import DemoInfo, PageSettings, Sample, bundled_demo
from sensevoice.ui.upload_refs import UploadRefs

__all__ = [
    "DemoInfo",
    "PageSettings",
    "Sample",
    "UploadRefs",
    "build_app",
    "bundled_demo",
    "job_routes",
    "launch_arguments",
    "queue_arguments",
]
