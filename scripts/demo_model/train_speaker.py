"""Train the voice encoder: funasr's CAM++, narrow, to tell voices of espeak-ng apart, its own and drawn ones.

Nine tenths of the work of CAM++ are in its front part, two-dimensional convolutions whose width is fixed.
Here that part hands the features through as they are (`pass_through`), and is left out in training.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from funasr.models.campplus.components import FCM
from funasr.models.campplus.model import CAMPPlus

from sensevoice.speakers.features import WINDOW_SAMPLES, stacked, voice_features

from .augment import record
from .drawn_voices import write_voices
from .sentences import SENTENCES, Sentence
from .sounds import Rng
from .tags import EMOTIONS
from .voices import HELD_OUT_VOICES, TRAINING_VOICES, Audio, say

MODEL: dict[str, Any] = {
    "feat_dim": 80,
    "embedding_size": 64,
    "growth_rate": 4,
    "bn_size": 3,
    "init_channels": 24,
    "config_str": "batchnorm-relu",
    "memory_efficient": False,
    "output_level": "segment",
}
"""The depth of CAM++ is part of its class; these are a twentieth of its width."""

MORE_VOICES = (
    *(
        "Alex",
        "Andrea",
        "Denis",
        "Gene",
        "Henrique",
        "Hugo",
        "Jacky",
        "Lee",
        "Marco",
        "Mario",
        "Mike",
        "Diogo",
    ),
    *("adam", "anika", "antonio", "aunty", "benjamin", "boris", "caleb", "david", "ed", "edward", "grandma"),
    *("grandpa", "iven", "klatt", "klatt3", "m8", "marcelo", "max", "michel", "miguel", "norbert", "pablo"),
    *("pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "travis", "victor", "zac"),
)
"""Other variants that sound like people: the more voices are told apart, the better are new ones."""
VOICES = (*TRAINING_VOICES, *MORE_VOICES)
DRAWN_VOICES, NEW_VOICES = 480, 24
"""How many are drawn for training, and how many more to see how well the encoder does with new ones."""

TAKES = 10
"""Renditions of each voice, of sentences and moods drawn by chance."""
STEPS, PEAK_RATE, BATCH = 3200, 3e-3, 64
FIRST_VOICES, FIRST_SHARE = 120, 0.15
"""Among hundreds of voices next to nothing is learnt at first: so many speak for this share of the steps."""
CROP_SAMPLES = (12_000, 16_000, 24_000)
"""From half a window, as short answers have it, to a whole one; a batch has one length."""
MARGIN, SCALE = 0.2, 20.0
"""Additive margin softmax: a voice must be nearer to itself than to any other by this much of a cosine."""
MARGIN_SHARE = 0.6
"""The margin has grown to its size after this share of the steps."""
RECORDED_SHARE = 0.5
"""How many clips have been through a recording chain."""


def write_config(directory: Path) -> None:
    """Write the two files that make a directory a funasr model."""
    config = {"model": "CAMPPlus", "model_conf": MODEL}
    (directory / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    description = {
        "framework": "pytorch",
        "task": "speaker-verification",
        "model": {"type": "funasr"},
        "pipeline": {"type": "funasr-pipeline"},
        "file_path_metas": {"init_param": "model.pt", "config": "config.yaml"},
    }
    (directory / "configuration.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


Voice = tuple[str, Path | None]
"""A variant's name and espeak-ng's data directory, None for the installed one."""


def render(voices: Sequence[Voice], takes: int, seed: int) -> list[list[Audio]]:
    """Return renditions of each voice, all in other words, languages and moods."""

    def of_voice(number: int) -> list[Audio]:
        rng = np.random.default_rng([seed, number])
        return [_rendition(voices[number], rng) for _ in range(takes)]

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(of_voice, range(len(voices))))


def installed(names: Sequence[str]) -> list[Voice]:
    return [(name, None) for name in names]


def _rendition(voice: Voice, rng: Rng) -> Audio:
    sentence: Sentence = SENTENCES[int(rng.integers(len(SENTENCES)))]
    return say(sentence, str(rng.choice(EMOTIONS)), voice[0], rng, data=voice[1]).audio


def batch(renditions: Sequence[Sequence[Audio]], rng: Rng) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of clips of one length and whose they are."""
    labels = rng.integers(0, len(renditions), BATCH)
    samples = int(rng.choice(CROP_SAMPLES))
    takes = [renditions[label][int(rng.integers(len(renditions[label])))] for label in labels]
    clips = [crop(take, rng, samples) for take in takes]
    clips = [record(clip, rng) if rng.random() < RECORDED_SHARE else clip for clip in clips]
    return voice_features(torch.from_numpy(np.stack(clips))), torch.from_numpy(labels)


def crop(audio: Audio, rng: Rng, samples: int) -> Audio:
    """Return a stretch of a rendition, repeated where it is shorter."""
    start = int(rng.integers(0, max(1, len(audio) - samples)))
    result: Audio = np.resize(audio[start : start + samples], samples)
    return result


def loss_of(
    embeddings: torch.Tensor, voices: torch.Tensor, labels: torch.Tensor, margin: float = MARGIN
) -> torch.Tensor:
    """Return the additive margin softmax loss."""
    cosines = torch.nn.functional.normalize(embeddings) @ torch.nn.functional.normalize(voices).T
    margins = margin * torch.nn.functional.one_hot(labels, len(voices))
    return torch.nn.functional.cross_entropy(SCALE * (cosines - margins), labels)


def pass_through(head: FCM) -> None:
    """Set the front part so that it gives every feature twice, what is above its mean and what is below.

    Each of its three strides of two takes the even bands into the first half of the channels in use, and the
    odd ones into the second.
    """
    with torch.no_grad():
        for name, parameter in head.named_parameters():
            parameter.fill_(
                1.0 if ".weight" in name and ("bn" in name or name.endswith("shortcut.1.weight")) else 0.0
            )
        head.conv1.weight[0, 0, 1, 1], head.conv1.weight[1, 0, 1, 1] = 1.0, -1.0
        for block, used in ((head.layer1[0], 2), (head.layer2[0], 4)):
            for channel in range(used):
                block.shortcut[0].weight[channel, channel, 0, 0] = 1.0
                block.conv1.weight[used + channel, channel, 2, 1] = 1.0
                block.conv2.weight[used + channel, used + channel, 1, 1] = 1.0
        for channel in range(8):
            head.conv2.weight[channel, channel, 1, 1] = 1.0
            head.conv2.weight[8 + channel, channel, 2, 1] = 1.0


def passed_through(features: torch.Tensor, channels: int) -> torch.Tensor:
    """Return what the front part gives: (clips, channels, frames) of (clips, frames, bands)."""
    halves = (-1, 2, 2, 2)  # the last bit is the first stride's
    bands = features.transpose(1, 2).unflatten(1, halves)  # type: ignore[no-untyped-call]
    both = torch.stack([bands, -bands], dim=-1).relu()  # (clips, 10, 2, 2, 2, frames, sign)
    ordered = both.permute(0, 2, 3, 4, 6, 1, 5).flatten(1, 5)
    return torch.nn.functional.pad(ordered, (0, 0, 0, channels - ordered.shape[1]))


def equal_error_rate(model: CAMPPlus, voices: Sequence[Sequence[Audio]], seed: int) -> float:
    """Return the share of errors, both kinds alike, when windows of these voices are told apart."""
    rng = np.random.default_rng(seed)
    clips, owners = [], []
    for number, renditions in enumerate(voices):
        clips += [crop(each, rng, WINDOW_SAMPLES) for each in renditions]
        owners += [number] * len(renditions)
    with torch.inference_mode():
        rows = torch.nn.functional.normalize(model.eval()(voice_features(stacked(clips))))
    first, second = np.triu_indices(len(clips), 1)
    scores = (rows @ rows.T).numpy()[first, second]
    same = np.array(owners)[first] == np.array(owners)[second]
    thresholds = np.sort(scores)
    missed = np.searchsorted(np.sort(scores[same]), thresholds) / same.sum()
    mistaken = 1 - np.searchsorted(np.sort(scores[~same]), thresholds) / (~same).sum()
    return float(np.maximum(missed, mistaken).min())


def train_speaker(directory: Path, seed: int, scale: float = 1.0, threads: int = 1) -> None:
    """Train the voice encoder and write its model directory; `scale` shortens it."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory)
    model = CAMPPlus(**MODEL)
    pass_through(model.head)
    model.head.eval()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"voice encoder: {parameters / 1e3:.0f} k parameters", flush=True)
    drawn, takes = max(4, round(DRAWN_VOICES * scale)), max(2, round(TAKES * scale))
    with tempfile.TemporaryDirectory() as folder:
        voices = write_voices(Path(folder), drawn + NEW_VOICES, np.random.default_rng(seed + 3))
        known = render([*installed(VOICES), *voices[:drawn]], takes, seed)
        new = render(voices[drawn:], 12, seed + 4)
    print(f" {len(known)} voices rendered", flush=True)
    train(model, known, max(10, round(STEPS * scale)), directory, seed + 1)
    for kind, clips in (("drawn", new), ("of espeak-ng", render(installed(HELD_OUT_VOICES), 12, seed + 2))):
        rate = equal_error_rate(model, clips, seed + 2)
        print(f"equal error rate on voices {kind} that were never heard: {100 * rate:.1f} %", flush=True)


def train(
    model: CAMPPlus, renditions: Sequence[Sequence[Audio]], steps: int, directory: Path, seed: int
) -> None:
    """Train all but the front part: on a few voices, then on all."""
    rng = np.random.default_rng(seed)
    first = round(steps * FIRST_SHARE)
    few = renditions[:FIRST_VOICES]
    directions = torch.randn(len(few), MODEL["embedding_size"]) * 0.1
    for now, voices in ((range(first), few), (range(first, steps), renditions)):
        if now.start:
            directions = mean_embeddings(model, voices, rng)
        train_on(model, voices, directions, now, steps, rng)
        torch.save(small_state(model), directory / "model.pt")


def mean_embeddings(model: CAMPPlus, renditions: Sequence[Sequence[Audio]], rng: Rng) -> torch.Tensor:
    """Return for each voice the direction in which its clips lie, a tenth long."""
    model.xvector.eval()
    rows = []
    with torch.inference_mode():
        for takes in renditions:
            clips = np.stack([crop(take, rng, WINDOW_SAMPLES) for take in takes[:4]])
            features = voice_features(torch.from_numpy(clips))
            embeddings = model.xvector(passed_through(features, model.head.out_channels))
            rows.append(torch.nn.functional.normalize(embeddings).mean(0))
    model.xvector.train()
    return torch.nn.functional.normalize(torch.stack(rows)).clone()


def train_on(
    model: CAMPPlus,
    renditions: Sequence[Sequence[Audio]],
    directions: torch.Tensor,
    now: range,
    steps: int,
    rng: Rng,
) -> None:
    """Train for some of all steps; `directions` are where the voices' embeddings are to lie at first."""
    voices = torch.nn.Parameter(directions)
    optimizer = torch.optim.AdamW([*model.xvector.parameters(), voices], lr=PEAK_RATE, weight_decay=0.01)
    mean = math.log(len(renditions))
    for step in now:
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-5
        features, labels = batch(renditions, rng)
        embeddings = model.xvector(passed_through(features, model.head.out_channels))
        margin = MARGIN * min(1.0, max(0.0, step / steps - FIRST_SHARE) / (MARGIN_SHARE - FIRST_SHARE))
        loss = loss_of(embeddings, voices, labels, margin)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.xvector.parameters(), 5.0)
        optimizer.step()
        mean += 0.05 * (float(loss.detach()) - mean)
        if step % 100 == 99:
            print(f"  step {step + 1}: {mean:.3f} among {len(renditions)} voices", flush=True)


def small_state(model: CAMPPlus) -> dict[str, torch.Tensor]:
    """Return the weights in half precision, which is all that the cosines need."""
    state = model.state_dict()
    return {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
