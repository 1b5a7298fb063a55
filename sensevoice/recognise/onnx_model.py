"""SenseVoiceSmall on ONNX Runtime: what recognises on a CPU, several times sooner than torch.

The graph is made by onnx_graph.py; here are only its inputs and outputs. Clips are not padded to one length
and stacked, as a GPU wants them: on a CPU that gains nothing, and costs the work on the padding. Instead as
many clips as there are cores run side by side, a core each, which saves them the waits for one another
after every product; towards the end of a batch, and where there is but one clip, a clip has all cores. That
took an eighth less time than one clip after the other on an idle machine, and half on a busy one.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from funasr.utils.load_utils import extract_fbank, load_audio_text_image_video

from sensevoice.recognise.ctc import PROMPT_FRAMES, Prompt, decode, with_emotion
from sensevoice.recognise.onnx_session import open_session
from sensevoice.recognise.scores import TagScorer
from sensevoice.recognise.terms import Gather, TermFinder
from sensevoice.runtime.cpus import usable_cores

BLANK_ID = 0

OUTPUTS = ("best", "query_logits")
LOGITS = "logits"
"""Of onnx_graph, which imports onnx: a stored graph is run without it."""


class OnnxSenseVoiceSmall(torch.nn.Module):
    """A SenseVoiceSmall for funasr's AutoModel; `graph` is the file of its graph, or the graph itself."""

    def __init__(self, graph: str | bytes, **kwargs: Any) -> None:
        super().__init__()
        self.place = torch.nn.Parameter(torch.empty(0), requires_grad=False)  # funasr asks where it lies
        self._session = open_session(graph)
        self._side_by_side = ThreadPoolExecutor(usable_cores(), thread_name_prefix="clip")
        self._scorer: TagScorer | None = None
        self._finder: TermFinder | None = None

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
        prompt = Prompt.of(kwargs, tokenizer)
        self._scorer = scorer = self._scorer or TagScorer(tokenizer)
        self._finder = finder = self._finder or TermFinder(tokenizer, BLANK_ID)
        vocabulary = finder.vocabulary(kwargs.get("hotwords", ()))
        clips = load_audio_text_image_video(data_in, fs=frontend.fs)

        def window_result(clip: Any) -> dict[str, Any]:
            features, _ = extract_fbank([clip], data_type="sound", frontend=frontend)
            best, query_logits, *logits = self.run(features[0].numpy(), prompt, bool(len(vocabulary.rows)))
            named = scorer.of_logits(query_logits)
            path = with_emotion(best.tolist(), named, prompt, tokenizer)
            result = {**decode(path, tokenizer, BLANK_ID), "scores": named}
            if logits:
                result["hits"] = finder.hits(path, vocabulary, _relative(logits[0], best))
            return result

        heard = self._side_by_side.map(window_result, clips)
        results = [{"key": name, **result} for name, result in zip(key, heard, strict=True)]
        return results, {"batch_data_time": sum(map(len, clips)) / frontend.fs}

    def run(self, features: np.ndarray, prompt: Prompt, with_logits: bool = False) -> list[np.ndarray]:
        """Return the best piece of each frame and the output of the query frames for one clip.

        With `with_logits`, that of all frames comes third: (4 + frames, pieces), for which there is no need
        otherwise.
        """
        outputs: list[np.ndarray] = self._session.run(
            [*OUTPUTS, *([LOGITS] if with_logits else [])],
            {
                "features": features,
                "prompt_ids": np.array(prompt.prompt_ids, dtype=np.int64),
                "banned": np.array(prompt.banned, dtype=np.int64),
            },
        )
        return outputs


def _relative(logits: np.ndarray, best: np.ndarray) -> Gather:
    """Return what gives the log probabilities of pieces relative to the best; see terms.Gather."""
    sound = logits[PROMPT_FRAMES:]
    top = np.take_along_axis(sound, best[PROMPT_FRAMES:, None], axis=1)
    return lambda ids: sound[:, ids] - top
