"""SenseVoiceSmall on torch with word times from one pass: the reference, and what runs on CUDA.

Weights and text are funasr's own: only `inference` differs. What it saves: the log-softmax over 25,055
pieces, of which only the greatest is wanted, several waits for the device per clip, and on CUDA the work of
the CPU on features and, in bf16, half of the weights' memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from funasr.models.sense_voice.model import MultiHeadedAttentionSANM, SenseVoiceSmall
from funasr.utils.load_utils import load_audio_text_image_video

from sensevoice.engine.ctc import QUERY_FRAMES, Ask, decode
from sensevoice.engine.features import features_of
from sensevoice.engine.scores import SCORED, TagScorer


class TimedSenseVoiceSmall(SenseVoiceSmall):  # type: ignore[misc]
    """funasr's SenseVoiceSmall whose results also hold `tokens`: (piece, start_ms, end_ms)."""

    compute_type: torch.dtype | None = None
    """What matrix products run in (torch's autocast); None leaves them in float32."""

    scorer: TagScorer | None = None

    def inference(
        self,
        data_in: Any,
        data_lengths: Any = None,
        key: Sequence[str] = ("clip",),
        tokenizer: Any = None,
        frontend: Any = None,
        **kwargs: Any,
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Recognise clips (float32 mono 16 kHz arrays); called by funasr's AutoModel.

        Returns one {"key", "text", "tokens", "scores"} per clip, in order, and funasr's timing figures.
        """
        clips = load_audio_text_image_video(data_in, fs=frontend.fs, audio_fs=frontend.fs)
        features, lengths = features_of(clips, frontend, kwargs["device"])
        seconds = lengths.sum().item() * frontend.frame_shift * frontend.lfr_n / 1000
        logits, lengths = self.logits(features, lengths, Ask.of(kwargs, tokenizer), kwargs["device"])
        best = logits.argmax(dim=-1).cpu()
        self.scorer = scorer = self.scorer or TagScorer(tokenizer)
        scores = logits[:, : len(SCORED)].float().softmax(dim=-1)[:, :, scorer.ids].tolist()
        results = [
            {
                "key": name,
                **decode(best[index, :length].tolist(), tokenizer, self.blank_id),
                "scores": scorer.named(scores[index]),
            }
            for index, (name, length) in enumerate(zip(key, lengths.tolist(), strict=True))
        ]
        return results, {"batch_data_time": seconds}

    def logits(
        self, features: torch.Tensor, lengths: torch.Tensor, ask: Ask, device: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the four queries before the features and run encoder and output layer.

        Takes (clips, frames, 560) and the frames of each; returns (clips, 4 + frames, pieces) and the
        frames of each, queries included.
        """
        queries = self.embed(torch.tensor([ask.queries], device=device)).repeat(len(features), 1, 1)
        frames = torch.cat((queries, features.to(device)), dim=1)
        kind = torch.device(device).type
        with torch.autocast(kind, self.compute_type, enabled=self.compute_type is not None):
            encoded, encoded_lengths = self.encoder(frames, lengths.to(device) + QUERY_FRAMES)
            logits = self.ctc.ctc_lo(encoded)
        logits[:, :, ask.banned] = -float("inf")
        return logits, encoded_lengths


class FusedAttention(MultiHeadedAttentionSANM):  # type: ignore[misc]
    """The same attention in one kernel, which never writes the frames-by-frames matrix of scores."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        """Take (clips, frames, size) and the mask (clips, 1, frames), 1 where there is sound."""
        query, key, value_heads, value = self.forward_qkv(x)
        heard = torch.nn.functional.scaled_dot_product_attention(
            query, key, value_heads, attn_mask=mask.bool()[:, None]
        )
        together: torch.Tensor = heard.transpose(1, 2).reshape(*x.shape[:2], self.h * self.d_k)
        found: torch.Tensor = self.linear_out(together) + self.forward_fsmn(value, mask)
        return found


def prepare_cuda(model: TimedSenseVoiceSmall, precision: str) -> None:
    """Let a loaded model compute in "bf16" or "fp32" with fused attention.

    In bf16 the weights of the products are rounded here, once: autocast would do so at every call, and need
    their memory twice. Norms, sums and softmax stay in float32.
    """
    model.compute_type = torch.bfloat16 if precision == "bf16" else None
    for module in model.modules():
        if type(module) is MultiHeadedAttentionSANM:
            module.__class__ = FusedAttention
        elif isinstance(module, torch.nn.Linear | torch.nn.Conv1d):
            module.to(model.compute_type or torch.float32)
