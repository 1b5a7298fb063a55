"""SenseVoiceSmall on torch with word times from one pass: the reference, and what runs on CUDA.

Weights and text are funasr's own: only `inference` differs. What it saves: the log-softmax over 25,055
pieces, of which only the greatest is wanted, several waits for the device per clip, and on CUDA the work of
the CPU on features and what cuda_encoder says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from funasr.models.sense_voice.model import SenseVoiceSmall
from funasr.utils.load_utils import load_audio_text_image_video

from sensevoice.audio.features import features_of
from sensevoice.recognise import cuda_encoder
from sensevoice.recognise.ctc import PROMPT_FRAMES, Prompt, decode, with_emotion
from sensevoice.recognise.scores import SCORED, TagScorer
from sensevoice.recognise.terms import TermFinder, Vocabulary


class TimedSenseVoiceSmall(SenseVoiceSmall):  # type: ignore[misc]
    """funasr's SenseVoiceSmall whose results also hold `tokens`: (piece, start_ms, end_ms)."""

    compute_type: torch.dtype | None = None
    """What matrix products run in (torch's autocast); None leaves them in float32."""

    scorer: TagScorer | None = None
    finder: TermFinder | None = None

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

        Returns one {"key", "text", "tokens", "scores"} per clip, in order, and funasr's timing figures; with
        `hotwords`, also its "hits".
        """
        clips = load_audio_text_image_video(data_in, fs=frontend.fs, audio_fs=frontend.fs)
        features, lengths = features_of(clips, frontend, kwargs["device"])
        seconds = lengths.sum().item() * frontend.frame_shift * frontend.lfr_n / 1000
        prompt = Prompt.of(kwargs, tokenizer)
        logits, lengths = self.logits(features, lengths, prompt, kwargs["device"])
        best = logits.argmax(dim=-1).cpu()
        self.scorer = scorer = self.scorer or TagScorer(tokenizer)
        scores = logits[:, : len(SCORED)].float().softmax(dim=-1)[:, :, scorer.ids].tolist()
        self.finder = finder = self.finder or TermFinder(tokenizer, self.blank_id)
        vocabulary = finder.vocabulary(kwargs.get("hotwords", ()))
        possible = _possible(logits, lengths, vocabulary)
        results = []
        for index, (name, length) in enumerate(zip(key, lengths.tolist(), strict=True)):
            named = scorer.named(scores[index])
            path = with_emotion(best[index, :length].tolist(), named, prompt, tokenizer)
            results.append({"key": name, **decode(path, tokenizer, self.blank_id), "scores": named})
            if index in possible:
                results[-1]["hits"] = finder.hits(path, vocabulary, _Relative(logits[index, :length]))
        return results, {"batch_data_time": seconds}

    def logits(
        self, features: torch.Tensor, lengths: torch.Tensor, prompt: Prompt, device: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the four prompt_ids before the features and run encoder and output layer.

        Takes (clips, frames, 560) and the frames of each, on the CPU; returns (clips, 4 + frames, pieces) and
        the frames of each, prompt_ids included.
        """
        prompt_ids = self.embed(torch.tensor([prompt.prompt_ids]).to(device)).repeat(len(features), 1, 1)
        frames = torch.cat((prompt_ids, features.to(device)), dim=1)
        lengths = lengths + PROMPT_FRAMES
        logits = self.run(frames, lengths.to(device))
        if prompt.banned:
            logits[:, :, prompt.banned] = -float("inf")
        return logits, lengths

    def run(self, frames: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Run encoder and output layer: from (clips, frames, 560) to (clips, frames, pieces)."""
        with torch.autocast(frames.device.type, self.compute_type, enabled=self.compute_type is not None):
            encoded, _ = self.encoder(frames, lengths)
            logits: torch.Tensor = self.ctc.ctc_lo(encoded)
        return logits


class _Relative:
    """The log probabilities of pieces in the sound of one clip, relative to the best; see terms.Gather."""

    def __init__(self, logits: torch.Tensor) -> None:
        self._sound = logits[PROMPT_FRAMES:]
        self._top = self._sound.amax(dim=-1, keepdim=True)

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        chosen = self._sound[:, torch.from_numpy(ids).to(self._sound.device)]
        return np.asarray((chosen.float() - self._top.float()).cpu().numpy())


def _possible(logits: torch.Tensor, lengths: torch.Tensor, vocabulary: Vocabulary) -> frozenset[int]:
    """Return which clips can hold a term, so that the log probabilities of the others stay on the device."""
    if not len(vocabulary.rows):
        return frozenset()
    sound = logits[:, PROMPT_FRAMES:]
    ids = torch.from_numpy(vocabulary.ids).to(sound.device)
    relative = sound[:, :, ids].float() - sound.amax(dim=-1, keepdim=True).float()
    outside = torch.arange(sound.shape[1])[None, :] >= (lengths - PROMPT_FRAMES)[:, None]
    peaks = (
        relative.masked_fill(outside.to(sound.device)[:, :, None], -float("inf")).amax(dim=1).cpu().numpy()
    )
    return frozenset(index for index, each in enumerate(peaks) if len(vocabulary.possible(each)))


def prepare_cuda(model: TimedSenseVoiceSmall, precision: str) -> None:
    """Switch a loaded model to "bf16" or "fp32" and to the encoder of cuda_encoder."""
    # What is called float32 is to be that; by itself cuDNN keeps 10 of 23 bits (TF32), also for fsmn-vad.
    torch.backends.cudnn.allow_tf32 = False
    model.compute_type = torch.bfloat16 if precision == "bf16" else None
    cuda_encoder.prepare(model, model.compute_type)
