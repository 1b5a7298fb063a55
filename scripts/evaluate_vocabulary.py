#!/usr/bin/env python3
"""Measure a vocabulary: how many planted terms are found, what is put in wrongly, and what it costs.

Sentences of the demonstration model are spoken by espeak-ng in voices that training never hears, with words
replaced by near-homophones (scripts/demo_model/planted_terms.py), and recognised with a vocabulary of these
and of names that nobody says. `docs/vocabulary.md` holds the table; the tests hold a small part. `--cost DIR`
times a model of any size instead, on clips in which no term is near.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import _root  # noqa: F401
import numpy as np
from demo_model.augment import record
from demo_model.planted_terms import KINDS, Planted, distractors, own_words, plant, seeded
from demo_model.sentences import SENTENCES, Sentence
from demo_model.sounds import Rng, at_loudness, noise
from demo_model.voices import HELD_OUT_VOICES, SAMPLE_RATE, Audio, say

from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.assemble import speech_segment
from sensevoice.transcribe.pipeline import cut
from sensevoice.transcript import Segment, Span

TERMS = 1_000
SHARPER = 20.0
NOISES_DB = (12.0, 6.0, 3.0)
"""How far noise lies below the voice, for the words that the model knows but does not hear."""


def spoken(sentence: Sentence, rng: Rng) -> Audio:
    """A sentence in a voice that training never hears, with a little silence around it."""
    rendition = say(sentence, "NEUTRAL", str(rng.choice(HELD_OUT_VOICES)), rng)
    return np.pad(rendition.audio, int(0.15 * SAMPLE_RATE))


def recognised(recognizer: Recognizer, clips: Sequence[Audio], lines: Sequence[str]) -> Iterator[Segment]:
    """Recognise clips with a vocabulary, as the program does with pieces of speech."""
    options = Options(hotwords=tuple(lines))
    for clip, answer in zip(clips, recognizer.recognise(clips, options), strict=True):
        yield speech_segment(Span(0, max(1, len(clip) // 16)), answer, None, options)


class Counts:
    """Planted, found and proposed terms by kind; characters, and those of terms that do not belong there."""

    def __init__(self) -> None:
        self.planted: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.proposed: Counter[str] = Counter()
        self.characters = 0
        self.false = 0
        self.examples: list[str] = []

    def add(self, segment: Segment, planted: Planted | None) -> None:
        """Count what was made of a clip."""
        self.characters += len(segment.text)
        term = planted.term if planted else ""
        for each in segment.terms:
            if each.applied and each.written != term:
                self.false += len(each.written)
                self.examples.append(f"{each.heard} -> {each.written}: {segment.text}")
        if planted is None:
            return
        self.planted[planted.kind] += 1
        self.found[planted.kind] += term in segment.text
        self.proposed[planted.kind] += any(
            each.written == term and not each.applied for each in segment.terms
        )
        if term not in segment.text:
            self.examples.append(f"missed {planted.heard} -> {term}: {segment.text}")

    @property
    def recall(self) -> float:
        """The share of planted terms that were found, in percent."""
        return 100.0 * self.found.total() / max(1, self.planted.total())

    @property
    def false_share(self) -> float:
        """The share of characters in terms that do not belong there, in percent."""
        return 100.0 * self.false / max(1, self.characters)


def evaluate_planted(recognizer: Recognizer, rounds: int) -> Counts:
    """Plant a term in every sentence that takes one, round after round."""
    counts = Counts()
    for number in range(rounds):
        rng = seeded(number)
        planted = {each.sentence: each for each in plant(rng)}
        lines = [each.term for each in planted.values()]
        lines += distractors(rng, TERMS - len(lines))
        clips = [spoken(planted[each].said if each in planted else each, rng) for each in SENTENCES]
        for sentence, segment in zip(SENTENCES, recognised(recognizer, clips, lines), strict=True):
            counts.add(segment, planted.get(sentence))
        print(f"{number + 1} of {rounds}", end="\r", file=sys.stderr, flush=True)
    return counts


def evaluate_noise(recognizer: Recognizer, rounds: int) -> list[tuple[float, int, int, int, int, int]]:
    """Say words of the model's own sentences in noise; count them without and with the vocabulary."""
    result = []
    terms = own_words()
    for below_db in NOISES_DB:
        rng = seeded(int(below_db))
        plain = told = false = characters = said = 0
        for _ in range(rounds):
            clips = [noisy(spoken(each, rng), below_db, rng) for each in SENTENCES]
            lines = [*terms, *distractors(rng, TERMS - len(terms))]
            without = recognised(recognizer, clips, ())
            with_them = recognised(recognizer, clips, lines)
            for sentence, before, after in zip(SENTENCES, without, with_them, strict=True):
                here = [term for term in terms if term in sentence.text]
                said += len(here)
                plain += sum(term in before.text for term in here)
                told += sum(term in after.text for term in here)
                characters += len(after.text)
                false += sum(
                    len(each.written)
                    for each in after.terms
                    if each.applied and not any(term in each.written for term in here)
                )
        result.append((below_db, said, plain, told, false, characters))
    return result


def noisy(clip: Audio, below_db: float, rng: Rng) -> Audio:
    """Put noise under a clip and send it through a recording chain."""
    level = float(np.sqrt(np.mean(np.square(clip)))) + 1e-4
    under = noise(len(clip) / SAMPLE_RATE + 0.01, rng)[: len(clip)]
    return record((clip + at_loudness(under, level * 10 ** (-below_db / 20))).astype(np.float32), rng)


def sharpened(model: Path, folder: Path) -> Path:
    """Return a copy of a model with random weights that is as sure of its pieces as a trained one is.

    With the output of random weights as it is, every term would be near everywhere.
    """
    import torch

    copy = folder / "model"
    shutil.copytree(model, copy, ignore=shutil.ignore_patterns(".*"))  # not the sums of the other weights
    weights = torch.load(copy / "model.pt", map_location="cpu", weights_only=True)
    weights["ctc.ctc_lo.weight"] *= SHARPER
    torch.save(weights, copy / "model.pt")
    return copy


def measure_cost(model: Path, sound: Path, rounds: int) -> None:
    """Take the processor time of clips with and without 1,000 terms, by turns, and print the medians."""
    recognizer = load_recognizer(ModelSettings(str(model), str(demo.VAD_DIR), device="cpu"), self_test=False)
    spans = [Span(start_ms, start_ms + 6_000) for start_ms in range(0, 60_000, 6_000)]
    clips = cut(sound, spans)
    lists = {"without": (), "with": tuple(distractors(seeded(1), TERMS))}
    times: dict[str, list[float]] = {name: [] for name in lists}
    hits = 0
    for number in range(rounds + 1):
        for name, lines in lists.items():
            started_s = time.process_time()  # of all threads: other programs on the machine do not count
            segments = list(recognised(recognizer, clips, lines))
            if number:  # the first one loads and compiles
                times[name].append(time.process_time() - started_s)
            hits += sum(len(segment.terms) for segment in segments)
    middle = {name: statistics.median(each) for name, each in times.items()}
    print(f"load {os.getloadavg()}, {len(clips)} clips of 6 s, {rounds} rounds, {hits} terms found")
    print({name: [round(each, 3) for each in listed] for name, listed in times.items()})
    ratio = middle["with"] / middle["without"]
    print(f"without {middle['without']:.3f} s, with {middle['with']:.3f} s: {ratio:.3f}")


def print_tables(counts: Counts, noise_rows: Sequence[tuple[float, int, int, int, int, int]]) -> None:
    """Print both tables in Markdown."""
    print("| planted | of | found | only proposed |\n| --- | --- | --- | --- |")
    for kind in KINDS:
        share = 100.0 * counts.found[kind] / max(1, counts.planted[kind])
        print(f"| {kind} | {counts.planted[kind]} | {share:.1f} % | {counts.proposed[kind]} |")
    print(f"| **all** | {counts.planted.total()} | **{counts.recall:.1f} %** | {counts.proposed.total()} |")
    print(f"\nfalse: {counts.false} of {counts.characters} characters, {counts.false_share:.3f} %\n")
    if noise_rows:
        print("| noise below the voice | said | without | with | false characters |")
        print("| --- | --- | --- | --- | --- |")
    for below_db, said, plain, told, false, characters in noise_rows:
        shares = f"{100 * plain / said:.1f} % | {100 * told / said:.1f} %"
        print(f"| {below_db:g} dB | {said} | {shares} | {false} of {characters} |")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12, metavar="N")
    parser.add_argument("--noise-rounds", type=int, default=4, metavar="N")
    parser.add_argument("--examples", type=int, default=0, metavar="N", help="print what went wrong")
    parser.add_argument("--cost", type=Path, metavar="DIR", help="time this model, no more")
    parser.add_argument("--sharpen", action="store_true", help="its weights are random")
    parser.add_argument("--sound", type=Path, metavar="FILE", help="a minute of speech to time it on")
    arguments = parser.parse_args()
    if arguments.cost:
        with tempfile.TemporaryDirectory() as folder:
            model = sharpened(arguments.cost, Path(folder)) if arguments.sharpen else arguments.cost
            measure_cost(model, arguments.sound, arguments.rounds)
        return 0
    recognizer = load_recognizer(ModelSettings(demo=True))
    counts = evaluate_planted(recognizer, arguments.rounds)
    noise_rows = evaluate_noise(recognizer, arguments.noise_rounds)
    for example in counts.examples[: arguments.examples]:
        print(example)
    print_tables(counts, noise_rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
