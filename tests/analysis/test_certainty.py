"""Tags of which the model is unsure go, and those of a person stay."""

from __future__ import annotations

from dataclasses import replace

from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.transcript import Event, Segment, Span, TagScore, Transcript

ROW = Segment(
    "speech",
    Span(0, 1_000),
    "好",
    language="zh",
    emotion="ANGRY",
    events=(Event("Laughter"), Event("BGM")),
    scores=(
        TagScore("language", "zh", 0.98),
        TagScore("emotion", "ANGRY", 0.41),
        TagScore("emotion", "SAD", 0.3),
        TagScore("event", "Laughter", 0.2),
    ),
)


def seen(row: Segment) -> Segment:
    return without_unsure_tags(Transcript("a.wav", 1_000, (row,))).segments[0]


def test_only_what_is_below_the_threshold_goes() -> None:
    assert seen(ROW) == replace(ROW, emotion="", events=(Event("BGM"),))


def test_rows_without_scores_and_rows_that_a_person_corrected_stay() -> None:
    unscored = replace(ROW, scores=())
    corrected = replace(ROW, original=ROW)
    assert seen(unscored) == unscored and seen(corrected) == corrected
