"""Terms on their way from the recogniser to the rows, and through a job that is resumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sensevoice.jobs.running.resume import ResumingRecognizer, key_of
from sensevoice.options import Options
from sensevoice.protocols import Recognition, TermHit, moved_hits
from sensevoice.transcribe.assemble import speech_segment
from sensevoice.transcribe.pipeline import transcribe
from sensevoice.transcript import Segment, Span
from tests.fakes import FakeRecognizer, silence, tone, write_wav

HEAD = "<|zh|><|NEUTRAL|><|Speech|><|withitn|>"
OPTIONS = Options(hotwords=("李清照",))


def spoken(text: str, hits: tuple[TermHit, ...] = ()) -> Recognition:
    tokens = tuple((char, 200 * at, 200 * at + 100) for at, char in enumerate(text))
    return Recognition(HEAD + text, tokens, hits=hits)


def row(text: str, hits: tuple[TermHit, ...] = (), options: Options = OPTIONS) -> Segment:
    return speech_segment(Span(1_000, 4_000), spoken(text, hits), None, options)


HIT = TermHit("里星", "李清照", 400, 700, 0.5)


def test_a_hit_is_put_where_it_was_heard_and_raw_is_what_the_model_wrote() -> None:
    segment = row("里星和里星好", (HIT, *moved_hits([HIT], 60)))
    assert segment.text == "里星和李清照好", "of two places the one that is said then, once"
    assert segment.raw == HEAD + "里星和里星好"
    assert [(each.heard, each.written, each.offset, each.by) for each in segment.terms] == [
        ("里星", "李清照", 3, "decoding")
    ]
    assert [word.text for word in segment.words] == list("里星和李清照好")


@pytest.mark.parametrize("text", ["别的话", "", "这里没有"])
def test_a_hit_that_the_text_does_not_hold_changes_nothing(text: str) -> None:
    assert row(text, (HIT,)) == row(text, (HIT,), Options()) == row(text)


def test_without_a_vocabulary_hits_are_nothing() -> None:
    assert row("里星好", (HIT,), Options()).terms == ()


def test_what_sounds_alike_is_replaced_and_japanese_is_left_alone() -> None:
    assert row("我是里清赵").text == "我是李清照"
    raw = HEAD.replace("zh", "ja") + "里清赵です"
    segment = speech_segment(Span(0, 1_000), Recognition(raw), None, OPTIONS)
    assert segment.text == "里清赵です"


def test_rows_of_several_pieces_keep_their_terms(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(2_000), silence(600), tone(2_000, 0.2), silence(500))

    def answer(clip: np.ndarray, options: Options) -> Recognition:
        assert options.hotwords == OPTIONS.hotwords
        return spoken("我是里星，" if np.abs(clip).max() > 0.25 else "里星呀。", (HIT,))

    recognizer = FakeRecognizer([(0, 2_000), (2_600, 4_600)], answer)
    rows = transcribe(path, recognizer, OPTIONS).segments
    assert "".join(each.text for each in rows).count("李清照") >= 1
    assert "".join(each.raw for each in rows).count("李清照") == 0
    for each in rows:
        assert [each.text[term.offset : term.end] for term in each.terms] == ["李清照"] * len(each.terms)


def test_a_resumed_job_has_the_hits_of_the_run_before(tmp_path: Path) -> None:
    recognizer = FakeRecognizer([], lambda clip, options: spoken("里星", (HIT,)))
    clip = tone(1_000)
    for _ in range(2):
        resuming = ResumingRecognizer(recognizer, tmp_path / "answers.jsonl")
        assert next(resuming.recognise([clip], OPTIONS)).hits == (HIT,)
    assert len(recognizer.clips) == 1
    list(resuming.recognise([clip], Options()))
    assert len(recognizer.clips) == 2, "an answer without terms is another one"
    assert key_of(clip, OPTIONS, recognizer.info) != key_of(clip, Options(), recognizer.info)
