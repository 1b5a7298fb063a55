"""Train the recogniser: funasr's SenseVoiceSmall at a thousandth of its usual size."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sentencepiece
import torch
import yaml
from funasr.models.sense_voice.model import SenseVoiceSmall
from torch.utils.data import DataLoader, IterableDataset

from .bank import Bank
from .clips import Clip, training_clip
from .features import ASR_FRONTEND, extract, make_frontend, pad_rows, write_means
from .sentences import without_punctuation
from .tags import LANGUAGES, tag
from .tokenizer import load_pieces, load_tokenizer, train_tokenizer

VOCABULARY_FILE = "demo_spectok.bpe.model"

ENCODER = {
    "output_size": 128,
    "attention_heads": 4,
    "linear_units": 512,
    "num_blocks": 4,
    "tp_blocks": 1,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "pos_enc_class": "SinusoidalPositionEncoder",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
"""Without dropout, which would take a third of the time: no two batches are alike, so nothing overfits."""

MODEL = {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1}

PROMPT_FRAMES = 4
"""SenseVoice puts four query frames before the audio; their outputs are the four tags."""

TAG_WEIGHT = 2.5
CYCLES = ((3000, 1.5e-3), (2400, 1.2e-3), *((steps, 0.8e-3) for steps in (1500, 2000, 1500, 1500)))
"""Steps and highest learning rate: going up again after the rate has come down still gains a lot."""
EASY_SHARE = 0.15
"""The part of the first cycle that sees single plain sentences only, to get the alignment going."""
LONGEST_GRADIENT = 2.0
WARM_UP = 200
FRAMES_PER_BATCH = 1300
POOL = 160
"""Clips drawn at once and sorted by length, so that batches need little padding."""
MEAN_CLIPS = 400
WRONG_LANGUAGE_SHARE = 0.06
"""How often another language is asked for than is spoken; the answer then carries the asked-for tag."""

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Features, their lengths, query rows, tags, all texts end to end, their lengths."""


def write_config(directory: Path) -> None:
    """Write the two files that make a directory a funasr model."""
    config = {
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": ENCODER,
        "model": "SenseVoiceSmall",
        "model_conf": MODEL,
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        "frontend": "WavFrontend",
        "frontend_conf": ASR_FRONTEND | {"cmvn_file": None},
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    description = {
        "framework": "pytorch",
        "task": "auto-speech-recognition",
        "model": {"type": "funasr"},
        "pipeline": {"type": "funasr-pipeline"},
        "file_path_metas": {
            "init_param": "model.pt",
            "config": "config.yaml",
            "tokenizer_conf": {"bpemodel": VOCABULARY_FILE},
            "frontend_conf": {"cmvn_file": "am.mvn"},
        },
    }
    (directory / "configuration.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


class Batches(IterableDataset[Batch]):
    """An endless stream of batches, composed on the fly; the first ones are easy."""

    def __init__(self, bank: Bank, directory: Path, steps: int, seed: int, easy_share: float) -> None:
        self.bank, self.directory, self.steps, self.seed = bank, directory, steps, seed
        self.easy_steps = easy_share * steps

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        frontend = make_frontend(ASR_FRONTEND, self.directory / "am.mvn")
        processor = load_tokenizer((self.directory / VOCABULARY_FILE).read_bytes())
        done = 0
        while done < self.steps:
            clips = [training_clip(self.bank, rng, done < self.easy_steps) for _ in range(POOL)]
            rows = [(extract(frontend, clip.audio), clip) for clip in clips]
            rows.sort(key=lambda row: len(row[0]))
            groups: list[list[tuple[torch.Tensor, Clip]]] = [[]]
            for row in rows:
                if groups[-1] and len(row[0]) * (len(groups[-1]) + 1) > FRAMES_PER_BATCH:
                    groups.append([])
                groups[-1].append(row)
            for index in rng.permutation(len(groups)):
                yield self._collate(groups[index], processor, rng)
                done += 1

    def _collate(
        self,
        group: list[tuple[torch.Tensor, Clip]],
        processor: sentencepiece.SentencePieceProcessor,
        rng: np.random.Generator,
    ) -> Batch:
        languages, styles, tags, targets = [], [], [], []
        for _, clip in group:
            with_itn = rng.random() < 0.6
            asked, answered = "auto", clip.language
            if rng.random() < 0.5:
                asked = clip.language
                if clip.language == "nospeech" or rng.random() < WRONG_LANGUAGE_SHARE / 0.5:
                    asked = str(rng.choice(LANGUAGES))
                answered = clip.language if clip.language == "nospeech" else asked
            itn = "withitn" if with_itn else "woitn"
            names = (answered, clip.emotion, clip.event, itn)
            languages.append(asked)
            styles.append(itn)
            tags.append([processor.PieceToId(tag(name)) for name in names])
            text = clip.text if with_itn else without_punctuation(clip.text)
            targets.append(torch.tensor(processor.EncodeAsIds(text), dtype=torch.long))
        features, lengths = pad_rows([row for row, _ in group])
        prompt_ids = torch.tensor(
            [
                [LANGUAGE_ROWS[asked], 1, 2, STYLE_ROWS[itn]]
                for asked, itn in zip(languages, styles, strict=True)
            ]
        )
        target_lengths = torch.tensor([len(target) for target in targets])
        return features, lengths, prompt_ids, torch.tensor(tags), torch.cat(targets), target_lengths


# Rows of SenseVoice's query table, as in funasr's SenseVoiceSmall.
LANGUAGE_ROWS = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
STYLE_ROWS = {"withitn": 14, "woitn": 15}


def loss_of(model: SenseVoiceSmall, batch: Batch) -> tuple[torch.Tensor, float, float]:
    """Cross entropy on the four tags plus CTC on the text; also both parts as numbers.

    funasr's own training forward cannot be used: it holds the released vocabulary's piece numbers.
    """
    features, lengths, prompt_ids, tags, targets, target_lengths = batch
    table = model.embed(prompt_ids)
    # Order: language, event, emotion, style, as funasr's inference puts them.
    encoded, _ = model.encoder(torch.cat([table, features], dim=1), lengths + PROMPT_FRAMES)
    logits = model.ctc.ctc_lo(encoded)
    tag_loss = torch.nn.functional.cross_entropy(logits[:, :PROMPT_FRAMES].flatten(0, 1), tags.flatten())
    log_probs = logits[:, PROMPT_FRAMES:].log_softmax(dim=-1).transpose(0, 1)
    text_losses = torch.nn.functional.ctc_loss(
        log_probs, targets, lengths, target_lengths, reduction="none", zero_infinity=True
    )
    # The floor keeps clips without text from weighing too much.
    text_loss = (text_losses / target_lengths.clamp(min=12)).mean()
    return text_loss + TAG_WEIGHT * tag_loss, float(text_loss), float(tag_loss)


def hide_bands(features: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Blank a random band of the 80 mel channels, in all stacked frames alike."""
    mels = ASR_FRONTEND["n_mels"]
    width = int(torch.randint(0, 10, (1,), generator=rng))
    start = int(torch.randint(0, mels - width, (1,), generator=rng))
    stacked = features.reshape(*features.shape[:-1], -1, mels).clone()
    stacked[..., start : start + width] = 0.0
    return stacked.reshape(features.shape)


def prepare(bank: Bank, directory: Path, seed: int) -> None:
    """Write everything of the model directory but the weights."""
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory)
    (directory / VOCABULARY_FILE).write_bytes(train_tokenizer())
    rng = np.random.default_rng(seed)
    raw = make_frontend(ASR_FRONTEND)
    clips = [training_clip(bank, rng, False) for _ in range(MEAN_CLIPS)]
    write_means(directory / "am.mvn", (extract(raw, clip.audio) for clip in clips if clip.audio.any()))


def carried_over(directory: Path) -> dict[str, torch.Tensor]:
    """The weights that are there, for today's sentences: with a new vocabulary, in which rows follow pieces.

    Pieces that the old vocabulary lacks begin with the mean row, and a bias that makes them rare.
    """
    state: dict[str, torch.Tensor] = torch.load(directory / "model.pt", weights_only=True)
    old = load_pieces((directory / VOCABULARY_FILE).read_bytes())
    (directory / VOCABULARY_FILE).write_bytes(train_tokenizer())
    new = load_pieces((directory / VOCABULARY_FILE).read_bytes())
    rows = {piece: number for number, piece in enumerate(old)}
    for name, value in list(state.items()):
        if name.startswith("ctc.ctc_lo."):
            fill = value.min() if value.dim() == 1 else value.mean(dim=0)
            state[name] = torch.stack([value[rows[piece]] if piece in rows else fill for piece in new])
    return state


def build_model(directory: Path) -> SenseVoiceSmall:
    """A fresh model for a prepared directory."""
    vocabulary = (directory / VOCABULARY_FILE).read_bytes()
    return SenseVoiceSmall(
        encoder="SenseVoiceEncoderSmall",
        encoder_conf=ENCODER,
        input_size=ASR_FRONTEND["n_mels"] * ASR_FRONTEND["lfr_m"],
        vocab_size=len(load_tokenizer(vocabulary)),
        **MODEL,
    )


def train_cycle(model: SenseVoiceSmall, batches: Batches, steps: int, peak_rate: float) -> None:
    """One run of the learning rate from its peak down to nothing, saving the weights as it goes."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak_rate, weight_decay=0.01, betas=(0.9, 0.98))

    def rate(step: int) -> float:
        if step < WARM_UP:
            return (step + 1) / WARM_UP
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - WARM_UP) / max(1, steps - WARM_UP)))) + 1e-3

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    bands = torch.Generator().manual_seed(batches.seed)
    loader = DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=24)
    weights = batches.directory / "model.pt"
    model.train()
    started, text_mean, tag_mean = time.monotonic(), 0.0, 0.0
    for step, batch in enumerate(loader):
        if step >= steps:
            break
        if step % 2:
            batch = (hide_bands(batch[0], bands), *batch[1:])
        loss, text_loss, tag_loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        text_mean += 0.02 * (text_loss - text_mean)
        tag_mean += 0.02 * (tag_loss - tag_mean)
        if step % 100 == 99:
            spent = time.monotonic() - started
            print(f"  step {step + 1}: text {text_mean:.3f}, tags {tag_mean:.3f}, {spent:.0f} s", flush=True)
            torch.save(model.state_dict(), weights)
    torch.save(model.state_dict(), weights)


def train_asr(
    bank: Bank, directory: Path, seed: int, first: int = 1, scale: float = 1.0, threads: int = 1
) -> None:
    """Train the recogniser cycle by cycle and write its model directory.

    A ``first`` cycle later than 1 goes on from the weights that are there; ``scale`` shortens all cycles.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed + first)
    if first == 1:
        prepare(bank, directory, seed)
    state = carried_over(directory) if first > 1 else None
    model = build_model(directory)
    if state:
        model.load_state_dict(state)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"recogniser: {parameters / 1e6:.2f} M parameters", flush=True)
    before = model.state_dict()
    for number, (full_steps, peak_rate) in enumerate(CYCLES, 1):
        if number >= first:
            steps = max(1, round(full_steps * scale))
            print(f" cycle {number}: {steps} steps", flush=True)
            easy_share = EASY_SHARE if number == 1 else 0.0
            before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            train_cycle(model, Batches(bank, directory, steps, seed + number, easy_share), steps, peak_rate)
    # The mean of two good sets of weights makes fewer mistakes than either (stochastic weight averaging).
    mean = {name: (tensor + before[name]) / 2 for name, tensor in model.state_dict().items()}
    torch.save(mean, directory / "model.pt")
