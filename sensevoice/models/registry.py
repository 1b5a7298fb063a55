"""Our own classes behind funasr's AutoModel: the same answers as funasr's, sooner.

    torch_model   SenseVoiceSmall on torch: the reference, and what runs on CUDA (cuda_encoder, cuda_graphs)
    onnx_model    the same on ONNX Runtime, for CPUs; graph writes its graph, graph_store keeps it
    vad_model     fsmn-vad whose decisions run compiled (vad_machine), its network on ONNX Runtime
                  (vad_network, vad_graph), on CUDA by torch (vad_torch)
    features      the mel features that both models hear
    light_funasr  the import of funasr, cut down to what is used
    ctc           from the best piece of each frame to text and times

Importing this package imports funasr and torch, which takes seconds: do so only to load models.
"""

from __future__ import annotations

from sensevoice.models.funasr_imports import import_funasr

import_funasr()  # before anything else imports funasr

from funasr.register import tables  # noqa: E402

from sensevoice.audio.features import Frontend  # noqa: E402
from sensevoice.recognise.onnx_model import OnnxSenseVoiceSmall  # noqa: E402
from sensevoice.recognise.torch_model import TimedSenseVoiceSmall, prepare_cuda, record_cuda_graphs  # noqa: E402
from sensevoice.vad.model import CompiledFsmnVad  # noqa: E402

__all__ = [
    "CompiledFsmnVad",
    "Frontend",
    "OnnxSenseVoiceSmall",
    "TimedSenseVoiceSmall",
    "prepare_cuda",
    "record_cuda_graphs",
    "register",
]


def register() -> None:
    """Make funasr's AutoModel build these classes wherever a config.yaml names funasr's own."""
    tables.model_classes["OnnxSenseVoiceSmall"] = OnnxSenseVoiceSmall
    tables.model_classes["SenseVoiceSmall"] = TimedSenseVoiceSmall
    tables.model_classes["FsmnVADStreaming"] = CompiledFsmnVad
    tables.frontend_classes["WavFrontend"] = Frontend
