"""Voice variants of espeak-ng drawn by chance: the more people an encoder hears in training, the better it
tells new ones apart.

A variant is a text file of espeak-ng's ("Voices", https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md):
pitch, and for each of nine formants frequency, height and width in percent of the plain voice's. The ranges
are those of the variants that come with espeak-ng.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from .sounds import Rng

FORMANTS = 9
PITCH_HZ = (62.0, 230.0)
PITCH_SPAN = (1.15, 1.9)
"""The highest pitch over the lowest."""
TRACT = (0.84, 1.32)
"""The length of a vocal tract moves all formants by the same factor."""
EACH_FORMANT = 0.07
"""Standard deviation of the factor by which each formant differs from the tract's."""
HEIGHT_PERCENT, WIDTH_PERCENT = (40, 140), (55, 165)


def installed_data() -> Path:
    """Return espeak-ng's data directory."""
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout
    return Path(version.partition("Data at:")[2].strip())


def write_voices(directory: Path, count: int, rng: Rng) -> list[str]:
    """Make a data directory that is the installed one with `count` variants in it; return their names."""
    data, variants = directory / "espeak-ng-data", directory / "espeak-ng-data" / "voices" / "!v"
    variants.mkdir(parents=True)
    installed = installed_data()
    for source in installed.iterdir():
        if source.name != "voices":
            (data / source.name).symlink_to(source)
    for source in (installed / "voices" / "!v").iterdir():
        (variants / source.name).symlink_to(source)
    names = [f"drawn{number}" for number in range(count)]
    for name in names:
        (variants / name).write_text(f"language variant\nname {name}\n{variant(rng)}", encoding="ascii")
    return names


def variant(rng: Rng) -> str:
    """Return a variant's lines, without its name."""
    low = float(np.exp(rng.uniform(*np.log(PITCH_HZ))))
    lines = [f"pitch {low:.0f} {low * rng.uniform(*PITCH_SPAN):.0f}"]
    tract, bright = rng.uniform(*TRACT), rng.uniform(0.6, 1.2)
    for number in range(FORMANTS):
        frequency = 100 * tract * np.exp(EACH_FORMANT * rng.standard_normal())
        height = np.clip(100 * bright * np.exp(0.25 * rng.standard_normal()), *HEIGHT_PERCENT)
        lines.append(f"formant {number} {frequency:.0f} {height:.0f} {rng.uniform(*WIDTH_PERCENT):.0f}")
    if rng.random() < 0.15:  # a voice without its upper formants
        lines += [f"formant {number} 100 {rng.integers(0, 40)} 100" for number in range(5, FORMANTS)]
    sometimes = (
        (0.6, lambda: f"voicing {rng.integers(30, 165)}"),
        (0.5, lambda: f"consonants {rng.integers(50, 130)} {rng.integers(40, 140)}"),
        (0.4, lambda: f"roughness {rng.integers(0, 6)}"),
        (0.4, lambda: f"flutter {rng.integers(0, 20)}"),
        (0.2, lambda: f"echo {rng.integers(5, 130)} {rng.integers(5, 30)}"),
        (0.3, lambda: f"intonation {rng.integers(1, 5)}"),
        (0.15, lambda: "breath " + " ".join(str(rng.integers(0, 5)) for _ in range(8))),
        (0.2, lambda: "stressAdd " + " ".join(str(rng.integers(-30, 60)) for _ in range(8))),
        (
            0.3,
            lambda: (
                f"tone 600 {rng.integers(150, 256)} 1200 {rng.integers(20, 256)} 2000 {rng.integers(60, 256)}"
            ),
        ),
        (0.08, lambda: f"klatt {rng.integers(1, 7)}"),
    )
    lines += [line() for share, line in sometimes if rng.random() < share]
    return "\n".join(lines) + "\n"
