"""The corpus: python -m tests.hostile.corpus DIR writes it for people to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.hostile import bombs, damage, plain
from tests.hostile.carriers import wav
from tests.hostile.case import Case
from tests.media import tone


def cases(port: int = 9) -> Iterator[Case]:
    """Yield every case; `port` is of a server that nobody must reach."""
    for family in (
        plain.not_media,
        plain.wrong_names,
        plain.whole,
        plain.layouts,
        plain.numbers,
        plain.locked,
    ):
        yield from family()
    yield from plain.reaching(port)
    yield from plain.names()
    for family in (bombs.bombs, bombs.heads, bombs.streams, damage.cases):
        yield from family()


def write(directory: Path, port: int = 9) -> dict[str, tuple[Case, Path]]:
    """Write all files, each family into a folder of its own, and return them by `family/name`.

    Beside those that reach out lies `secret.wav`, a tone of 997 Hz that must come out of none of them.
    """
    made: dict[str, tuple[Case, Path]] = {}
    for case in cases(port):
        folder = directory / case.family
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / case.name
        case.write(path)
        made[f"{case.family}/{case.name}"] = (case, path)
    secret = (tone(997, 4.0) * 32767).astype("<i2").tobytes()
    (directory / "reaching out" / "secret.wav").write_bytes(wav(secret))
    return made


if __name__ == "__main__":
    print(f"{len(write(Path(sys.argv[1])))} files")
