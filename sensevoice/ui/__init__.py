"""The page and its API; the only package that imports gradio."""

from sensevoice.ui.gradio_import import import_gradio

import_gradio()  # before anything else imports gradio

from sensevoice.ui.launch import close_app, launch_arguments, queue_arguments  # noqa: E402
from sensevoice.ui.page import build_app  # noqa: E402
from sensevoice.ui.routes import job_routes  # noqa: E402
from sensevoice.ui.settings import DemoInfo, PageSettings, Sample, bundled_demo  # noqa: E402
from sensevoice.ui.upload_refs import UploadRefs  # noqa: E402

__all__ = [
    "DemoInfo",
    "PageSettings",
    "Sample",
    "UploadRefs",
    "build_app",
    "bundled_demo",
    "close_app",
    "job_routes",
    "launch_arguments",
    "queue_arguments",
]
