"""SenseVoiceSmall for sherpa-onnx, by the recipe of its scripts/sense-voice (export-onnx.py).

The recipe: torch's exporter on the encoder with its masks and the output layer, logits for every frame
out, dynamic quantisation of the matrix products to unsigned 8 bits, and a list of the pieces. The second
variant differs in two words: signed, per channel.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

VARIANTS = {"sherpa int8": "model.int8.onnx", "sherpa int8 per channel": "model.int8-per-channel.onnx"}


def export(model: Path, to: Path) -> None:
    """Write both quantised models and tokens.txt into a folder, unless they are there."""
    if all((to / name).is_file() for name in (*VARIANTS.values(), "tokens.txt")):
        return
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    to.mkdir(parents=True, exist_ok=True)
    full = to / "model.onnx"
    automodel = _write_full(model, full)
    _add_metadata(full, automodel, onnx)
    kinds = {"op_types_to_quantize": ["MatMul"]}
    quantize_dynamic(full, to / VARIANTS["sherpa int8"], weight_type=QuantType.QUInt8, **kinds)
    per_channel = to / VARIANTS["sherpa int8 per channel"]
    quantize_dynamic(full, per_channel, weight_type=QuantType.QInt8, per_channel=True, **kinds)
    full.unlink()
    pieces = automodel.kwargs["tokenizer"].sp
    lines = [f"{pieces.id_to_piece(number)} {number}\n" for number in range(pieces.get_piece_size())]
    (to / "tokens.txt").write_text("".join(lines), encoding="utf-8")


def _write_full(model: Path, to: Path) -> Any:
    import torch
    from funasr import AutoModel

    with contextlib.redirect_stdout(io.StringIO()):
        automodel = AutoModel(model=str(model), device="cpu", disable_update=True, disable_pbar=True)
    network = automodel.model

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Any, x_length: Any, language: Any, text_norm: Any) -> Any:
            rows = torch.stack(
                [language, torch.ones_like(language), 2 * torch.ones_like(language), text_norm]
            )
            frames = torch.cat((network.embed(rows.T), x), dim=1)
            encoded, _ = network.encoder(frames, x_length + 4)
            return network.ctc.ctc_lo(encoded)

    example = (torch.randn(1, 100, 560), torch.tensor([100]), torch.tensor([0]), torch.tensor([15]))
    names = ["x", "x_length", "language", "text_norm"]
    axes = {name: {0: "N"} for name in names} | {"x": {0: "N", 1: "T"}, "logits": {0: "N", 1: "T"}}
    torch.onnx.export(
        Exported().eval(),
        tuple(part.to(torch.int32) if part.dtype == torch.int64 else part for part in example),
        str(to),
        opset_version=14,
        input_names=names,
        output_names=["logits"],
        dynamic_axes=axes,
        dynamo=False,
    )
    return automodel


def _add_metadata(path: Path, automodel: Any, onnx: Any) -> None:
    network, frontend = automodel.model, automodel.kwargs["frontend"]
    shift, scale = (",".join(str(float(value)) for value in row) for row in frontend.cmvn)
    values = {
        "model_type": "sense_voice_ctc",
        "version": 1,
        "model_author": "iic",
        "maintainer": "k2-fsa",
        "vocab_size": network.vocab_size,
        "normalize_samples": 0,
        "lfr_window_size": frontend.lfr_m,
        "lfr_window_shift": frontend.lfr_n,
        "neg_mean": shift,
        "inv_stddev": scale,
        "with_itn": network.textnorm_dict["withitn"],
        "without_itn": network.textnorm_dict["woitn"],
    }
    values |= {f"lang_{name}": network.lid_dict[name] for name in ("auto", "zh", "en", "yue", "ja", "ko")}
    model = onnx.load(path)
    for key, value in values.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(model, path)
