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

IN_A_DIRECTORY = 60
"""espeak-ng fails when it finds more than 350 voices, languages counted."""

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


def write_voices(directory: Path, count: int, rng: Rng) -> list[tuple[str, Path]]:
    """Make data directories that are the installed one with other variants; return names and directories."""
    voices: list[tuple[str, Path]] = []
    installed = installed_data()
    for first in range(0, count, IN_A_DIRECTORY):
        group = directory / str(first)
        data, variants = group / "espeak-ng-data", group / "espeak-ng-data" / "voices" / "!v"
        variants.mkdir(parents=True)
        for source in installed.iterdir():
            if source.name != "voices":
                (data / source.name).symlink_to(source)
        for number in range(first, min(count, first + IN_A_DIRECTORY)):
            name = f"drawn{number}"
            (variants / name).write_text(f"language variant\nname {name}\n{variant(rng)}", encoding="ascii")
            voices.append((name, group))
    return voices


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
        (0.6, "voicing", ((30, 165),)),
        (0.5, "consonants", ((50, 130), (40, 140))),
        (0.4, "roughness", ((0, 6),)),
        (0.4, "flutter", ((0, 20),)),
        (0.2, "echo", ((5, 130), (5, 30))),
        (0.3, "intonation", ((1, 5),)),
        (0.15, "breath", ((0, 5),) * 8),
        (0.2, "stressAdd", ((-30, 60),) * 8),
        (0.3, "tone", ((600, 601), (150, 256), (1200, 1201), (20, 256), (2000, 2001), (60, 256))),
        (0.08, "klatt", ((1, 7),)),
    )
    for share, name, ranges in sometimes:
        if rng.random() < share:
            lines.append(f"{name} {' '.join(str(rng.integers(*each)) for each in ranges)}")
    return "\n".join(lines) + "\n"
