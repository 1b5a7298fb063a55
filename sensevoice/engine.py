"""SenseVoiceSmall with word times from one pass, registered with funasr under the same name.

funasr's own class finds word times by encoding its text again with the tokenizer and aligning a
second time, which fails where text and tokens do not match. The best path of CTC already says at
which frame each token stands, and it is the path that alignment would find. Weights, features and
text are funasr's own: only `inference` differs.

Imports funasr and torch, which takes seconds: import this module only to load models.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from funasr.models.sense_voice.model import SenseVoiceSmall
from funasr.register import tables
from funasr.utils.load_utils import extract_fbank, load_audio_text_image_video

FRAME_MS = 60
"""One encoder frame: 6 feature frames of 10 ms (`lfr_n` of the released config.yaml)."""

FRAME_OFFSET_MS = -30
"""Where funasr puts the start of a frame, half a frame early (`SenseVoiceSmall.inference`)."""

QUERY_FRAMES = 4
"""Frames before the sound, which carry language, emotion, event and normalisation."""


class TimedSenseVoiceSmall(SenseVoiceSmall):  # type: ignore[misc]
    """funasr's SenseVoiceSmall whose results also hold `tokens`: (piece, start_ms, end_ms)."""

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

        Returns one {"key", "text", "tokens"} per clip, in order, and funasr's timing figures.
        """
        clips = load_audio_text_image_video(data_in, fs=frontend.fs, audio_fs=frontend.fs)
        features, lengths = extract_fbank(clips, data_type="sound", frontend=frontend)
        seconds = lengths.sum().item() * frontend.frame_shift * frontend.lfr_n / 1000
        logits, lengths = self._logits(features, lengths, kwargs)
        if kwargs.get("ban_emo_unk", False):
            # funasr bans the id that the released vocabulary has; ask the vocabulary instead.
            logits[:, :, tokenizer.sp.piece_to_id("<|EMO_UNKNOWN|>")] = -float("inf")
        best = logits.argmax(dim=-1).cpu()
        results = [
            {"key": name, **self._decode(best[index, :length].tolist(), tokenizer)}
            for index, (name, length) in enumerate(zip(key, lengths.tolist(), strict=True))
        ]
        return results, {"batch_data_time": seconds}

    def _logits(
        self, features: torch.Tensor, lengths: torch.Tensor, settings: dict[str, Any]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the four queries before the features and run encoder and output layer."""
        device = settings["device"]
        normalisation = "withitn" if settings.get("use_itn", False) else "woitn"
        query_ids = [self.lid_dict[settings.get("language", "auto")], 1, 2, self.textnorm_dict[normalisation]]
        queries = self.embed(torch.tensor([query_ids], device=device)).repeat(len(features), 1, 1)
        encoded, encoded_lengths = self.encoder(
            torch.cat((queries, features.to(device)), dim=1), lengths.to(device) + QUERY_FRAMES
        )
        return self.ctc.ctc_lo(encoded), encoded_lengths

    def _decode(self, best: list[int], tokenizer: Any) -> dict[str, Any]:
        """Collapse the best path of one clip into its text and its timed pieces."""
        ids: list[int] = []
        tokens: list[tuple[str, int, int]] = []
        limit_ms = (len(best) - QUERY_FRAMES) * FRAME_MS + FRAME_OFFSET_MS
        frame = 0
        for token_id, run in groupby(best):
            start, frame = frame, frame + len(list(run))
            if token_id == self.blank_id:
                continue
            ids.append(token_id)
            start_ms = max(0, (start - QUERY_FRAMES) * FRAME_MS + FRAME_OFFSET_MS)
            end_ms = min(limit_ms, (frame - QUERY_FRAMES) * FRAME_MS + FRAME_OFFSET_MS)
            if start >= QUERY_FRAMES:
                tokens.append((tokenizer.sp.id_to_piece(token_id), start_ms, end_ms))
        return {"text": tokenizer.decode(ids), "tokens": tokens}


def register() -> None:
    """Make funasr's AutoModel build this class wherever a config.yaml names SenseVoiceSmall."""
    tables.model_classes["SenseVoiceSmall"] = TimedSenseVoiceSmall
