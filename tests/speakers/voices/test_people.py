"""Dialogues of real voices: how many people there are, and who says what (issue: a row is one voice)."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from sensevoice.speakers.cluster import people
from sensevoice.speakers.turns import person_in, turns
from sensevoice.speakers.voices import VoicePrints
from sensevoice.speakers.windows import windows
from tests.speakers.voices.dialogues import Dialogue, dialogue, recordings
from tests.speakers.voices.encoder import Resemblyzer, weights

VOICES = (
    Path(os.environ.get("SENSEVOICE_REFERENCE", Path(__file__).resolve().parents[3] / "../shared/reference"))
    / "voices"
)
SEEDS = range(1000, 1020)

needs_voices = [
    pytest.mark.skipif(
        not VOICES.is_dir(), reason="no voices: SENSEVOICE_REFERENCE names no folder with them"
    ),
    pytest.mark.skipif(weights() is None, reason="no encoder: pip install --no-deps resemblyzer==0.1.4"),
]
pytestmark = needs_voices


@cache
def heard() -> list[tuple[Dialogue, VoicePrints]]:
    """Return 20 dialogues of 1 to 4 people and what the encoder says of them."""
    encoder, voices = Resemblyzer(weights()), recordings(VOICES)
    made = [dialogue(voices, seed) for seed in SEEDS]
    return [(each, prints_of(each, encoder)) for each in made]


def prints_of(made: Dialogue, encoder: Resemblyzer) -> VoicePrints:
    clips = [made.cut(window) for piece in made.pieces for window in windows(piece)]
    return VoicePrints.of(made.pieces, encoder.embed(clips))


def share_right(made: Dialogue, prints: VoicePrints, count: int | None) -> float:
    """Return the share of speech time that is given to the right person, people matched at best."""
    result = people(prints, count)
    spoken = turns(prints, result, made.words())
    times = np.zeros((result.max() + 1, len(made.people)))
    for word in made.words():
        who = next(name for span, name in made.turns if span.start_ms <= word.span.start_ms < span.end_ms)
        times[person_in(spoken, word.span), made.people.index(who)] += word.span.duration_ms
    rows, columns = linear_sum_assignment(-times)
    return float(times[rows, columns].sum() / times.sum())


def test_the_dialogues_are_of_one_to_four_people() -> None:
    assert {len(made.people) for made, _ in heard()} == {1, 2, 3, 4}


def test_people_are_counted() -> None:
    counted = [(int(people(prints).max()) + 1, len(made.people)) for made, prints in heard()]
    assert sum(result == true for result, true in counted) >= 18, counted


def test_who_speaks_when_the_number_is_given() -> None:
    shares = [share_right(made, prints, len(made.people)) for made, prints in heard()]
    assert np.mean(shares) >= 0.97, shares


def test_who_speaks_when_it_is_not() -> None:
    shares = [share_right(made, prints, None) for made, prints in heard()]
    assert np.mean(shares) >= 0.95, shares


def test_as_many_people_as_were_asked_for() -> None:
    for made, prints in heard()[:4]:
        assert [int(people(prints, count).max()) + 1 for count in (1, 2, 3, 5, 8)] == [1, 2, 3, 5, 8], (
            made.people
        )


def test_the_same_numbers_on_every_run() -> None:
    encoder, voices = Resemblyzer(weights()), recordings(VOICES)
    again = prints_of(dialogue(voices, SEEDS[0]), encoder)
    _, prints = heard()[0]
    assert np.array_equal(again.embeddings, prints.embeddings)
    first = people(prints)
    assert np.array_equal(people(again), first)
    assert first[0] == 0 and list(dict.fromkeys(first.tolist())) == sorted(set(first.tolist()))


def test_an_encoder_of_another_scale_changes_nothing() -> None:
    """Embeddings that all lie close together, as those of other encoders do: cosines a tenth as far apart."""
    for made, prints in heard()[:6]:
        rows = prints.embeddings.astype(np.float32)
        common = np.full((len(rows), 1), 3.0, np.float32)
        squeezed = VoicePrints.of(made.pieces, np.hstack([rows, common]))
        assert np.array_equal(people(squeezed), people(prints))
