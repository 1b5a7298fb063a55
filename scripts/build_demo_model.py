#!/usr/bin/env python3
"""Build the demonstration models and sample recordings from nothing but espeak-ng.

The program comes with two small models in funasr's format, so that it can be tried, and tested, without
downloading anything: a recogniser (SenseVoiceSmall, about a million parameters) that knows a few dozen
sentences in Chinese, Cantonese, English, Japanese and Korean, four moods and four kinds of sound, and a
voice detector (FSMN).  This script makes all training material itself: espeak-ng speaks the sentences in
many voices and moods, and music, applause, laughter and coughing are synthesised.  It then trains both
models, writes the sample recordings and the test set, and prints how well the models do on voices they
have never heard.

Steps, in order (each can be left out):
  1. render the bank of speech and sounds           1 minute on two idle cores
  2. train the recogniser                           about 34 minutes
  3. train the voice detector                       about 7 minutes
  4. train the voice encoder                        about 20 minutes
  5. write the sample recordings and the test set   seconds
  6. evaluate                                       1 minute

New sentences or other clips need no new beginning: `--asr-from 3` goes on from the weights that are there,
with the vocabulary of today's sentences, and takes about 16 minutes.  The bundled recogniser was made so from
the one before it, which had heard whole sentences only.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from _root import ROOT
from demo_model.bank import make_bank
from demo_model.evaluate import evaluate, load_asr, load_vad
from demo_model.evaluation_set import write_evaluation_set
from demo_model.samples import check_samples, write_samples
from demo_model.sentences import write_sentences
from demo_model.train_asr import CYCLES as ASR_CYCLES
from demo_model.train_asr import train_asr
from demo_model.train_speaker import train_speaker
from demo_model.train_vad import CYCLES as VAD_CYCLES
from demo_model.train_vad import train_vad
from demo_model.voices import HELD_OUT_VOICES, TRAINING_VOICES

from sensevoice.models.sources.checksums import write_sums

NEUTRAL_TAKES, MOOD_TAKES, SOUNDS = 20, 14, 100
"""Renditions of each sentence in a neutral and in every other mood; sounds of each kind."""


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "sensevoice" / "demo", help="where models and samples go"
    )
    parser.add_argument(
        "--test-set", type=Path, default=ROOT / "tests" / "data" / "demo_eval", help="where the test clips go"
    )
    parser.add_argument("--seed", type=int, default=2024, help="the same seed gives the same material")
    parser.add_argument(
        "--asr-from",
        type=int,
        default=1,
        metavar="N",
        help=f"training cycle the recogniser begins with; {len(ASR_CYCLES) + 1} keeps it as it is",
    )
    parser.add_argument(
        "--vad-from",
        type=int,
        default=1,
        metavar="N",
        help=f"training cycle the voice detector begins with; {len(VAD_CYCLES) + 1} keeps it as it is",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="shorten all training, to try the script itself: 0.01"
    )
    parser.add_argument("--keep-voices", action="store_true", help="keep the voice encoder as it is")
    parser.add_argument("--keep-samples", action="store_true", help="do not write the sample recordings anew")
    parser.add_argument("--keep-test-set", action="store_true", help="do not write the test set anew")
    parser.add_argument(
        "--show-mistakes", type=int, default=20, metavar="N", help="how many mistakes to print"
    )
    return parser.parse_args()


def main() -> int:
    """Build everything; the exit status tells whether the samples are recognised as expected."""
    arguments = parse_arguments()
    if shutil.which("espeak-ng") is None:
        print("espeak-ng is not installed; on Debian and Ubuntu: apt-get install espeak-ng", file=sys.stderr)
        return 2
    started = time.monotonic()
    recogniser, detector = arguments.out / "sensevoice-small", arguments.out / "fsmn-vad"
    keep_asr, keep_vad = arguments.asr_from > len(ASR_CYCLES), arguments.vad_from > len(VAD_CYCLES)
    if not (keep_asr and keep_vad):
        bank = make_bank(TRAINING_VOICES, NEUTRAL_TAKES, MOOD_TAKES, SOUNDS, arguments.seed)
        print(f"bank ready after {time.monotonic() - started:.0f} s", flush=True)
        if not keep_asr:
            train_asr(bank, recogniser, arguments.seed + 10, arguments.asr_from, arguments.scale)
        if not keep_vad:
            train_vad(bank, detector, arguments.seed + 20, arguments.vad_from, arguments.scale)
        print(f"models ready after {time.monotonic() - started:.0f} s", flush=True)
    if not arguments.keep_voices:
        train_speaker(arguments.out / "campplus", arguments.seed + 30, arguments.scale)
    held_out = make_bank(HELD_OUT_VOICES, 4, 3, 16, arguments.seed + 3)
    if not arguments.keep_samples:
        write_samples(arguments.out / "samples")
    write_sentences(arguments.out / "sentences.json")
    write_sums(arguments.out)
    if not arguments.keep_test_set:
        write_evaluation_set(held_out, arguments.test_set, arguments.seed + 4)
    asr, vad = load_asr(recogniser), load_vad(detector)
    fine = check_samples(recogniser, detector, arguments.out / "samples")
    scores = evaluate(asr, vad, held_out, arguments.seed + 5)
    for mistake in scores.mistakes[: arguments.show_mistakes]:
        print(f"  {mistake}")
    print(scores.table())
    print(f"finished after {time.monotonic() - started:.0f} s")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
