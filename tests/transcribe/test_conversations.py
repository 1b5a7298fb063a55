"""Generated conversations in voices that training never heard: the part of the evaluation that is kept small.

The whole is run by scripts/evaluate_conversations.py; docs/conversations.md holds its table.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sensevoice.models.loader import FunasrRecognizer
from sensevoice.options import Options

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from demo_model.audio_files import read_audio  # noqa: E402
from demo_model.conversation_scores import ConversationScores, Row, edit_distance  # noqa: E402
from demo_model.conversations import Utterance  # noqa: E402
from evaluate_conversations import ours  # noqa: E402

DATA = ROOT / "tests" / "data" / "conversations"


def scores_of(recognizer: FunasrRecognizer, options: Options) -> ConversationScores:
    scores = ConversationScores()
    rows_of = ours(recognizer, options)
    for entry in json.loads((DATA / "truth.json").read_text("utf-8")):
        truth = [Utterance(**message) for message in entry["utterances"]]
        scores.add(truth, rows_of(read_audio(DATA / entry["file"]), DATA / entry["file"]))
    return scores


@pytest.fixture(scope="module")
def by_default(demo_recognizer: FunasrRecognizer) -> ConversationScores:
    return scores_of(demo_recognizer, Options())


@pytest.fixture(scope="module")
def by_length(demo_recognizer: FunasrRecognizer) -> ConversationScores:
    return scores_of(demo_recognizer, Options(merge="length"))


def test_rows_are_in_the_right_language_and_mood(by_default: ConversationScores) -> None:
    assert by_default.language_ms / by_default.speech_ms >= 0.98, by_default.mistakes
    assert by_default.mood_ms / by_default.speech_ms >= 0.93, by_default.mistakes


def test_rows_end_where_something_changes(by_default: ConversationScores) -> None:
    assert by_default.f1 >= 0.90
    assert 0.9 <= by_default.rows / by_default.utterances <= 1.15


def test_the_text_is_as_good_as_that_of_long_stretches(
    by_default: ConversationScores, by_length: ConversationScores
) -> None:
    assert by_default.errors <= min(by_length.errors, 0.04 * by_default.characters)
    assert by_default.wrong_stops / by_default.characters <= by_length.wrong_stops / by_length.characters


class TestTheScoresThemselves:
    TRUTH = (
        Utterance(0, 2_000, "你好，世界。", "zh", "NEUTRAL", "f3"),
        Utterance(2_400, 4_000, "Yes.", "en", "ANGRY", "m4"),
        Utterance(4_500, 6_000, "I see.", "en", "ANGRY", "m4"),
    )

    def scored(self, *rows: Row) -> ConversationScores:
        scores = ConversationScores()
        scores.add(self.TRUTH, rows)
        return scores

    def test_the_truth_is_perfect(self) -> None:
        scores = self.scored(
            *(
                Row(
                    message.start_ms,
                    message.end_ms,
                    message.text,
                    message.language,
                    message.emotion,
                    message.speaker,
                )
                for message in self.TRUTH
            )
        )
        assert scores.language_ms == scores.mood_ms == scores.speaker_ms == scores.speech_ms == 5_100
        assert (scores.f1, scores.rows, scores.errors, scores.wrong_stops) == (1.0, 3, 0, 0)

    def test_one_row_for_everything(self) -> None:
        scores = self.scored(Row(0, 6_000, "你好世。界 yes I see.", "zh", "NEUTRAL"))
        assert (scores.language_ms, scores.mood_ms, scores.speaker_ms) == (2_000, 2_000, 0)
        assert (scores.found, scores.changes, scores.wrong) == (0, 1, 0)
        assert (scores.errors, scores.wrong_stops) == (0, 1)

    def test_a_border_is_found_once_and_within_tolerance(self) -> None:
        near = self.scored(Row(0, 2_600, "", "zh", ""), Row(2_700, 6_000, "", "en", "ANGRY"))
        assert (near.found, near.wrong) == (1, 0)
        far = self.scored(Row(0, 2_750, "", "zh", ""), Row(2_750, 6_000, "", "en", "ANGRY"))
        assert (far.found, far.wrong) == (0, 1)
        twice = self.scored(*(Row(at, at + 300, "", "zh", "") for at in (1_700, 2_100, 2_500)))
        assert (twice.found, twice.wrong) == (1, 1)

    @pytest.mark.parametrize(
        ("left", "right", "distance"),
        [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)],
    )
    def test_edit_distance(self, left: str, right: str, distance: int) -> None:
        assert edit_distance(left, right) == edit_distance(right, left) == distance
