"""Train the voice detector: funasr's FSMN, tiny, frame by frame."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

import numpy as np
import torch
import yaml
from funasr.models.fsmn_vad_streaming.encoder import FSMN
from numpy.typing import NDArray

from .augment import change_speed, record
from .bank import Bank
from .clips import LANGUAGE_SHARES, silence, speech_level
from .features import VAD_FRONTEND, extract, frame_labels, make_frontend, pad_rows, write_means
from .sounds import Rng, at_loudness, fade, soft_edges, tone
from .tags import EMOTIONS, LANGUAGES, SOUND_EVENTS
from .voices import SAMPLE_RATE, Audio, speech_mask

ENCODER = {
    "input_dim": 400,
    "input_affine_dim": 32,
    "fsmn_layers": 4,
    "linear_dim": 64,
    "proj_dim": 32,
    "lorder": 20,
    "rorder": 0,
    "lstride": 1,
    "rstride": 0,
    "output_affine_dim": 32,
    "output_dim": 2,
}

# funasr says "speech" once 150 ms of a 200 ms window are speech, and counts silence once no more than
# 150 ms are, as in the released model; the two times below then move both ends.  With these values and the
# labels below, the reported segments reach about 100 ms beyond the speech on either side.
SWITCH_MS = 150
LOOK_BACK_MS = 20
LOOK_AHEAD_MS = 0
POST_PROCESSING = {
    "sample_rate": 16000,
    "detect_mode": 1,
    "snr_mode": 0,
    "max_end_silence_time": 800,
    "max_start_silence_time": 3000,
    "do_start_point_detection": True,
    "do_end_point_detection": True,
    "window_size_ms": 200,
    "sil_to_speech_time_thres": SWITCH_MS,
    "speech_to_sil_time_thres": SWITCH_MS,
    "speech_2_noise_ratio": 1.0,
    "do_extend": 1,
    "lookback_time_start_point": LOOK_BACK_MS,
    "lookahead_time_end_point": LOOK_AHEAD_MS,
    "max_single_segment_time": 60000,
    "snr_thres": -100.0,
    "noise_frame_num_used_for_snr": 100,
    "decibel_thres": -100.0,
    "speech_noise_thres": 0.6,
    "fe_prior_thres": 0.0001,
    "silence_pdf_num": 1,
    "sil_pdf_ids": [0],
    "speech_noise_thresh_low": -0.1,
    "speech_noise_thresh_high": 0.3,
    "output_frame_probs": False,
    "frame_in_ms": 10,
    "frame_length_ms": 25,
}

EARLY_FRAMES, LATE_FRAMES = 2, 5
"""Speech is said to begin 20 ms before it does and to end 50 ms after, as the released detector has it
(medians over these sentences: 20 and 40 ms).  It shortens every pause, so that both hear the same ones."""
SMOOTHING = 0.04
"""funasr takes the logarithm of both probabilities, so neither may round to zero."""
LOGIT_WEIGHT = 1e-3
RECORDINGS_PER_BATCH = 8
NEW_RECORDINGS = 2
STORED_RECORDINGS = 400
MEAN_RECORDINGS = 60
TONE_SHARE = 0.12
"""How many of the sounds are plain tones, which the recogniser is not taught."""
BOUNDARY_FRAMES = 25
BOUNDARY_WEIGHT = 3.0
CYCLES = ((1300, 4e-3), (1000, 3e-3), (700, 3e-3), (1000, 3e-3))
"""Steps and highest learning rate of each rise and fall of the rate."""


def write_config(directory: Path) -> None:
    """Write the two files that make a directory a funasr model."""
    config = {
        "encoder": "FSMN",
        "encoder_conf": ENCODER,
        "frontend": "WavFrontendOnline",
        "frontend_conf": VAD_FRONTEND | {"cmvn_file": None},
        "model": "FsmnVADStreaming",
        "model_conf": POST_PROCESSING,
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    description = {
        "framework": "pytorch",
        "task": "voice-activity-detection",
        "model": {"type": "funasr"},
        "pipeline": {"type": "funasr-pipeline"},
        "file_path_metas": {
            "init_param": "model.pt",
            "config": "config.yaml",
            "frontend_conf": {"cmvn_file": "am.mvn"},
        },
    }
    (directory / "configuration.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def training_recording(bank: Bank, rng: Rng, seconds: float = 14.0) -> tuple[Audio, NDArray[np.bool_]]:
    """A recording of sentences, sounds and pauses, with its 10 ms speech mask."""
    pieces: list[Audio] = []
    masks: list[NDArray[np.bool_]] = []

    def put(audio: Audio, mask: NDArray[np.bool_] | None = None) -> None:
        steps = len(audio) // (SAMPLE_RATE // 100)
        pieces.append(audio[: steps * (SAMPLE_RATE // 100)])
        row = np.zeros(steps, dtype=np.bool_)
        if mask is not None:
            row[: len(mask)] = mask[:steps]
        masks.append(row)

    length = 0
    while length < seconds * SAMPLE_RATE:
        kind = rng.random()
        if kind < 0.42:
            language = str(rng.choice(LANGUAGES, p=LANGUAGE_SHARES))
            rendition = bank.draw_speech(language, str(rng.choice(EMOTIONS)), rng)
            speech = change_speed(rendition.audio, rng.uniform(0.97, 1.03))
            mask = speech_mask(speech)
            speech = at_loudness(speech, speech_level(rng))
            if rng.random() < 0.2:
                under = bank.draw_sound("BGM", len(speech) / SAMPLE_RATE, rng)
                under = np.pad(under, (0, max(0, len(speech) - len(under))))[: len(speech)]
                loudness = float(np.sqrt(np.mean(np.square(speech)))) * 10 ** (-rng.uniform(6, 20) / 20)
                speech = speech + soft_edges(at_loudness(under, loudness), 0.05)
            put(speech, mask)
            put(silence(rng.uniform(0, 0.7) if rng.random() < 0.7 else rng.uniform(0.7, 2.5)))
        elif kind < 0.87:
            seconds = rng.uniform(0.3, 4.0)
            if rng.random() < TONE_SHARE:
                sound = tone(seconds, rng)
            else:
                sound = bank.draw_sound(str(rng.choice(SOUND_EVENTS)), seconds, rng)
            sound = at_loudness(sound, 0.1 * 10 ** (rng.uniform(-14, 4) / 20))
            if rng.random() < 0.3:
                sound = fade(sound, float(rng.uniform(-20, 20)))
            put(soft_edges(sound))
            put(silence(rng.uniform(0, 1.0)))
        else:
            put(silence(rng.uniform(0.2, 2.5)))
        length = sum(map(len, pieces))
    return record(np.concatenate(pieces), rng), np.concatenate(masks)


def widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A speech mask with every stretch made longer at both ends."""
    reach = np.ones(EARLY_FRAMES + LATE_FRAMES + 1)
    wide = np.convolve(mask.astype(float), reach)[EARLY_FRAMES : EARLY_FRAMES + len(mask)] > 0.5
    result: NDArray[np.bool_] = wide
    return result


def boundary_weights(labels: torch.Tensor) -> torch.Tensor:
    """One per frame, more shortly before and after speech begins or ends: the ends are what matters."""
    changes = torch.nn.functional.pad((labels[:, 1:] != labels[:, :-1]).float(), (1, 0))
    near = torch.nn.functional.max_pool1d(changes, 2 * BOUNDARY_FRAMES + 1, 1, BOUNDARY_FRAMES)
    return 1.0 + (BOUNDARY_WEIGHT - 1.0) * near


def logits_of(encoder: FSMN, features: torch.Tensor) -> torch.Tensor:
    """The net's answers before the softmax that its own forward ends with."""
    hidden = encoder.relu(encoder.in_linear2(encoder.in_linear1(features)))
    for block in encoder.fsmn:
        hidden = block(hidden, None)
    logits: torch.Tensor = encoder.out_linear2(encoder.out_linear1(hidden))
    return logits


def train_cycle(encoder: FSMN, bank: Bank, directory: Path, steps: int, peak_rate: float, rng: Rng) -> None:
    """One rise and fall of the learning rate.

    Mixing a recording costs more than learning from it, so each is used several times.
    """
    frontend = make_frontend(VAD_FRONTEND, directory / "am.mvn")
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=peak_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, total_steps=steps, pct_start=0.1)
    store: deque[tuple[torch.Tensor, torch.Tensor]] = deque(maxlen=STORED_RECORDINGS)
    mean = 0.7
    for step in range(steps):
        for _ in range(NEW_RECORDINGS):
            audio, mask = training_recording(bank, rng)
            features = extract(frontend, audio)
            store.append((features, frame_labels(widened(mask), len(features))))
        repeated = rng.choice(len(store), RECORDINGS_PER_BATCH - NEW_RECORDINGS)
        batch = [store[-1 - i] for i in range(NEW_RECORDINGS)] + [store[int(i)] for i in repeated]
        inputs, _ = pad_rows([features for features, _ in batch])
        targets = torch.nn.utils.rnn.pad_sequence(
            [labels for _, labels in batch], batch_first=True, padding_value=-1
        )
        logits = logits_of(encoder, inputs)
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=-1, label_smoothing=SMOOTHING, reduction="none"
        )
        weights = boundary_weights(targets) * (targets >= 0)
        loss = (losses * weights).sum() / weights.sum()
        loss = loss + LOGIT_WEIGHT * logits.square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean += 0.03 * (float(loss) - mean)
        if step % 100 == 99:
            print(f"  step {step + 1}: {mean:.3f}", flush=True)
    state = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    torch.save(state, directory / "model.pt")


def train_vad(
    bank: Bank, directory: Path, seed: int, first: int = 1, scale: float = 1.0, threads: int = 1
) -> None:
    """Train the voice detector cycle by cycle and write its model directory.

    A ``first`` cycle later than 1 goes on from the weights that are there; ``scale`` shortens all cycles.
    """
    torch.set_num_threads(threads)
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory)
    torch.manual_seed(seed + first)
    encoder = FSMN(**ENCODER)
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    print(f"voice detector: {parameters / 1e3:.0f} k parameters", flush=True)
    if first == 1:
        rng = np.random.default_rng(seed)
        raw = make_frontend(VAD_FRONTEND)
        recordings = [training_recording(bank, rng)[0] for _ in range(MEAN_RECORDINGS)]
        write_means(directory / "am.mvn", (extract(raw, audio) for audio in recordings))
    else:
        state = torch.load(directory / "model.pt", weights_only=True)
        encoder.load_state_dict({name.removeprefix("encoder."): value for name, value in state.items()})
    for number, (full_steps, peak_rate) in enumerate(CYCLES, 1):
        if number >= first:
            steps = max(10, round(full_steps * scale))
            print(f" cycle {number}: {steps} steps", flush=True)
            train_cycle(encoder, bank, directory, steps, peak_rate, np.random.default_rng(seed + number))
