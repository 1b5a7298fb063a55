"""funasr's encoder as a GPU likes it: attention in one kernel, nothing made on the CPU, weights in bf16.

The layers and their weights stay funasr's own; the classes here take the place of theirs in a loaded model.
"""

from __future__ import annotations

from typing import Any

import torch
from funasr.models.sense_voice.model import MultiHeadedAttentionSANM, SenseVoiceEncoderSmall


class FusedAttention(MultiHeadedAttentionSANM):  # type: ignore[misc]
    """The same attention in one kernel, which never writes the frames-by-frames matrix of scores."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        """Take (clips, frames, size) and the mask (clips, 1, frames), 1 where there is sound."""
        query, key, value_heads, value = self.forward_qkv(x)
        heard = torch.nn.functional.scaled_dot_product_attention(
            query, key, value_heads, attn_mask=mask.bool()[:, None]
        )
        together: torch.Tensor = heard.transpose(1, 2).reshape(*x.shape[:2], self.h * self.d_k)
        result: torch.Tensor = self.linear_out(together) + self.forward_fsmn(value, mask)
        return result


class DeviceEncoder(SenseVoiceEncoderSmall):  # type: ignore[misc]
    """The same encoder, with mask and positions made on the device.

    funasr makes parts of both on the CPU: at every call the two wait for one another, and a CUDA graph
    cannot record it.
    """

    _positions: torch.Tensor | None = None

    def forward(self, frames: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take (clips, frames, 560) and the frames of each; return (clips, frames, 512) and the same."""
        heard = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]
        mask = heard[:, None].to(frames.dtype)
        result = frames * self.output_size() ** 0.5 + self._positions_of(frames)
        for layer in (*self.encoders0, *self.encoders):
            result = layer(result, mask)[0]
        result = self.after_norm(result)
        for layer in self.tp_encoders:
            result = layer(result, mask)[0]
        return self.tp_norm(result), lengths

    def _positions_of(self, frames: torch.Tensor) -> torch.Tensor:
        """Return what funasr adds to each frame, (1, frames, 560); kept, as it is always the same."""
        if self._positions is None or self._positions.shape[1] < frames.shape[1]:
            self._positions = self.embed(torch.zeros(1, *frames.shape[1:])).to(frames.device)
        return self._positions[:, : frames.shape[1]]


def prepare(model: torch.nn.Module, products: torch.dtype | None) -> None:
    """Put our classes into a loaded model, and round the weights of its products to a type, if any is given.

    Rounded here, once: autocast would do so at every call, and need their memory twice. Norms, sums and
    softmax stay in float32.
    """
    for module in model.modules():
        if type(module) is MultiHeadedAttentionSANM:
            module.__class__ = FusedAttention
        elif type(module) is SenseVoiceEncoderSmall:
            module.__class__ = DeviceEncoder
        elif isinstance(module, torch.nn.Linear | torch.nn.Conv1d):
            module.to(products or torch.float32)
