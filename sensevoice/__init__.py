"""SenseVoice web app: from a media file to a transcript with language, emotion and sound events."""

import os

__version__ = "0.1.0"

# ONNX Runtime 1.32 keeps an identifier of the machine in the home directory, and sends Microsoft what it runs
# on and how, unless this is set before it is imported. Here, as it is imported in many ways.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
