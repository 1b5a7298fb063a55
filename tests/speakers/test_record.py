"""Who spoke in the record: the pipeline, the formats, and what people say about people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensevoice.errors import ModelNotAvailable, OptionError
from sensevoice.formats import RenderOptions, from_dict, render, render_view, to_dict
from sensevoice.jobs import JobRunner, JobStore
from sensevoice.jobs.editing.edits import Change
from sensevoice.jobs.editing.people import People
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcribe.pipeline import iter_updates, transcribe
from sensevoice.transcript import ModelInfo, Segment, Span, Speaker, Transcript
from tests.fakes import FakeRecognizer, silence, tone, write_wav

HEAD = "<|zh|><|NEUTRAL|><|Speech|><|withitn|>"


class Pitches:
    """A VoiceEncoder that knows people by the frequency of a tone."""

    def __init__(self) -> None:
        self.clips = 0

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        self.clips += len(clips)
        spectra = [np.abs(np.fft.rfft(np.resize(clip, 16_000))) for clip in clips]
        return np.array([[s[:350].sum(), s[350:650].sum(), s[650:1500].sum()] for s in spectra], np.float32)


class WithVoices(FakeRecognizer):
    encoder: Pitches | None = None

    def open_voices(self) -> Pitches:
        if self.encoder is None:
            raise ModelNotAvailable(model="cam", path="/x", missing="model.pt", reason="offline")
        return self.encoder


LOW, MIDDLE, HIGH = 200.0, 500.0, 1000.0


def conversation(path: Path, *pitches: float) -> tuple[Path, list[tuple[int, int]]]:
    """Write tones of four seconds with half a second between them; return the file and where they are."""
    parts, spans, at_ms = [], [], 0
    for pitch in pitches:
        parts += [silence(500), tone(4000, frequency_hz=pitch)]
        spans.append((at_ms + 500, at_ms + 4500))
        at_ms += 4500
    return write_wav(path, *parts, silence(500)), spans


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, WithVoices]:
    path, spans = conversation(tmp_path / "two.wav", LOW, HIGH, LOW, HIGH, HIGH, LOW)
    recognizer = WithVoices(spans, lambda clip, options: f"{HEAD}好。")
    recognizer.encoder = Pitches()
    return path, recognizer


class TestPipeline:
    def test_off_asks_nobody(self, two: tuple[Path, WithVoices]) -> None:
        path, recognizer = two
        result = transcribe(path, recognizer)
        assert result.speakers == ()
        assert {segment.speaker for segment in result.segments} == {None}
        assert recognizer.encoder is not None and recognizer.encoder.clips == 0

    @pytest.mark.parametrize("speakers", ["auto", "2", 2])
    def test_two_people(self, two: tuple[Path, WithVoices], speakers: str) -> None:
        path, recognizer = two
        result = transcribe(path, recognizer, Options(speakers=speakers, merge_length_s=0))
        assert [segment.speaker for segment in result.segments] == ["S1", "S2", "S1", "S2", "S2", "S1"]
        assert result.speakers == (Speaker("S1"), Speaker("S2"))

    def test_the_voice_prints_come_before_the_transcript(self, two: tuple[Path, WithVoices]) -> None:
        updates = list(iter_updates(two[0], two[1], Options(speakers="auto")))
        assert isinstance(updates[-1], Transcript)
        (prints,) = [update for update in updates if isinstance(update, VoicePrints)]
        assert len(prints) > 20

    def test_text_and_times_are_those_of_off(self, two: tuple[Path, WithVoices]) -> None:
        path, recognizer = two
        off, on = (transcribe(path, recognizer, Options(speakers=s, merge_length_s=0)) for s in ("off", "2"))
        assert [(s.span, s.text) for s in on.segments] == [(s.span, s.text) for s in off.segments]

    def test_a_change_inside_a_piece_divides_it_between_words(self, tmp_path: Path) -> None:
        def answer(clip: np.ndarray, options: Options) -> Recognition:
            letters = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"
            length_ms = len(clip) // 16
            each_ms = length_ms // len(letters)
            tokens = tuple((c, n * each_ms, (n + 1) * each_ms) for n, c in enumerate(letters))
            return Recognition(HEAD + letters, tokens)

        turns = [LOW, HIGH, LOW, HIGH]
        path = write_wav(tmp_path / "one.wav", *(tone(4000, frequency_hz=pitch) for pitch in turns))
        recognizer = WithVoices([(0, 8000), (8000, 16000)], answer)
        recognizer.encoder = Pitches()
        result = transcribe(path, recognizer, Options(speakers="auto", merge_length_s=0))
        assert [s.speaker for s in result.segments] == ["S1", "S2", "S1", "S2"]
        assert [s.span for s in result.segments] == [Span(at, at + 4000) for at in range(0, 16000, 4000)]
        assert [s.text for s in result.segments] == ["甲乙丙丁", "戊己庚辛", "壬癸子丑", "寅卯辰巳"]

    def test_without_the_model_the_text_comes_and_says_so(self, two: tuple[Path, WithVoices]) -> None:
        path, recognizer = two
        recognizer.encoder = None
        result = transcribe(path, recognizer, Options(speakers="auto"))
        assert result.segments and result.speakers == ()
        (message,) = [each for each in result.diagnostics if each.name == "no_speakers"]
        assert "cam" in message.zh and "cam" in message.en

    def test_split_channels_are_people(self, tmp_path: Path) -> None:
        left = np.concatenate([tone(4000), silence(5000)])
        right = np.concatenate([silence(5000), tone(4000)])
        path = write_wav(tmp_path / "call.wav", np.stack([left, right]))
        recognizer = WithVoices([(0, 4000)], lambda clip, options: f"{HEAD}好。")
        result = transcribe(path, recognizer, Options(speakers="auto", channel="split"))
        assert {(s.channel, s.speaker) for s in result.segments} == {("left", "S1"), ("right", "S2")}

    def test_what_options_refuse(self) -> None:
        for wrong in ("many", "0", "21", -1, 2.5, None, True):
            with pytest.raises(OptionError):
                Options(speakers=wrong)  # type: ignore[arg-type]


def record(*names: str) -> Transcript:
    rows = (
        Segment("speech", Span(0, 2000), "您好", HEAD + "您好", "zh", "NEUTRAL", speaker="S1"),
        Segment("speech", Span(2500, 4000), "这都第几天了？", HEAD, "zh", "ANGRY", speaker="S2"),
        Segment("sound", Span(5000, 7000)),
    )
    people = tuple(Speaker(f"S{number}", name) for number, name in enumerate(names, 1))
    return Transcript("call.wav", 8000, rows, speakers=people)


class TestFormats:
    def test_the_tagged_text_names_people(self) -> None:
        text = render_view(record("", "客户"), "tagged")
        assert text == "[说话人1] [中文] 您好\n[客户] [中文] [愤怒] 这都第几天了？"
        assert render_view(record("", "Anna"), "tagged", "en").splitlines()[0] == "[Speaker 1] [Chinese] 您好"

    def test_one_nameless_person_is_not_named(self) -> None:
        assert render_view(record(""), "tagged").splitlines()[0] == "[中文] 您好"
        assert render_view(record("客服"), "tagged").splitlines()[0] == "[客服] [中文] 您好"

    def test_a_nameless_person_is_called_as_their_channel_is(self) -> None:
        made = record("", "客户")
        channels = ("left", "right", None)
        rows = [replace(row, channel=each) for row, each in zip(made.segments, channels, strict=True)]
        made = replace(made, segments=tuple(rows))
        assert render_view(made, "tagged") == "[左] [中文] 您好\n[客户] [中文] [愤怒] 这都第几天了？"
        joined = replace(made, segments=(*rows, replace(rows[1], speaker="S1", span=Span(8000, 9000))))
        assert render_view(joined, "tagged").startswith("[说话人1] [中文] 您好")

    def test_without_speakers_all_is_as_it_was(self) -> None:
        bare = replace(record(), segments=tuple(replace(s, speaker=None) for s in record().segments))
        assert render_view(bare, "tagged") == "[中文] 您好\n[中文] [愤怒] 这都第几天了？"
        assert "speakers" not in to_dict(bare)
        for name in ("srt", "vtt", "ass", "csv", "tsv", "markdown", "textgrid", "txt"):
            assert "说话人" not in render(bare, name) and "speaker" not in render(bare, name)

    def test_subtitles(self) -> None:
        made = record("客服 <A&B>", "客户")
        assert "客服" not in render(made, "srt", RenderOptions(names="none"))
        assert "客户：这都第几天了？" in render(made, "srt", RenderOptions(names="name"))
        assert "<v 客服 &lt;A&amp;B&gt;>" in render(made, "vtt")
        assert ",客户,0,0,0,," in render(made, "ass")
        assert ",客户，二,0,0,0,," in render(record("", "客户,二"), "ass")

    def test_tables_and_tiers(self) -> None:
        made = record("客服", "客户")
        assert render(made, "csv").splitlines()[0].split(",")[5] == "说话人"
        assert render(made, "csv").splitlines()[2].split(",")[5] == "客户"
        assert "| 客户 |" in render(made, "markdown")
        assert 'name = "speaker"' in render(made, "textgrid")
        assert 'text = "客户"' in render(made, "textgrid")
        assert json.loads(render(made, "jsonl").splitlines()[1])["speaker_name"] == "客户"
        assert "客户：这都第几天了？" in render(made, "txt", RenderOptions(view="plain"))

    def test_the_record_keeps_them(self) -> None:
        made = record("客服", "客户")
        data = json.loads(json.dumps(to_dict(made)))
        assert data["speakers"] == [{"id": "S1", "name": "客服"}, {"id": "S2", "name": "客户"}]
        assert from_dict(data) == made


def parts_of(span: Span) -> list[tuple[str, Span]]:
    middle_ms = (span.start_ms + span.end_ms) // 2
    return [("前", Span(span.start_ms, middle_ms)), ("后", Span(middle_ms, span.end_ms))]


class TestJobs:
    @pytest.fixture
    def job(self, tmp_path: Path, two: tuple[Path, WithVoices]):
        path, recognizer = two
        store = JobStore(tmp_path / "data", lambda: ModelInfo("fake", "vad", "cpu"))
        runner = JobRunner(store, lambda source, options: iter_updates(source, recognizer, options))
        made = runner.submit(path, Options(speakers="auto", merge_length_s=0))
        assert runner.wait_for_end(made.id, timeout_s=60)
        yield store, store.job(made.id)
        runner.close()

    def test_how_many_is_answered_without_recognising(self, job, two: tuple[Path, WithVoices]) -> None:
        store, made = job
        asked = len(two[1].batches), two[1].encoder.clips
        before = store.result(made).transcript
        assert len(before.speakers) == 2
        for count, expected in (("1", 1), ("2", 2), ("auto", 2), ("off", 0)):
            store.change_people(made, lambda people, count=count: people.counted(count, made.options))
            now = store.result(made).transcript
            assert len(now.speakers) == expected
            assert [(s.span, s.text) for s in now.segments] == [(s.span, s.text) for s in before.segments]
        assert (len(two[1].batches), two[1].encoder.clips) == asked

    def test_rename_and_merge(self, job) -> None:
        store, made = job
        store.change_people(made, lambda people: people.renamed("S2", "  王 小姐 "))
        assert store.result(made).transcript.speakers == (Speaker("S1"), Speaker("S2", "王 小姐"))
        store.change_people(made, lambda people: people.joined("S1", "S2"))
        now = store.result(made).transcript
        assert now.speakers == (Speaker("S2", "王 小姐"),)
        assert {segment.speaker for segment in now.segments} == {"S2"}
        store.change_people(made, lambda people: people.parted("S1"))
        assert store.result(made).transcript.speakers == (Speaker("S1"), Speaker("S2", "王 小姐"))

    def test_names_and_moves_come_back_with_their_counting(self, job) -> None:
        store, made = job
        rows = store.result(made).transcript.segments
        store.change_people(made, lambda people: people.renamed("S2", "客户"))
        store.change(made, [Change(replace(rows[0], speaker="S2"), 0, counting="")])
        before = store.result(made).transcript
        store.change_people(made, lambda people: people.counted("1", made.options))
        one = store.result(made).transcript
        assert one.speakers == (Speaker("S1"),)
        assert {row.speaker for row in one.segments} == {"S1"}
        store.change_people(made, lambda people: people.counted("auto", made.options))
        assert store.result(made).transcript == before
        assert (before.speakers[1].name, before.segments[0].speaker) == ("客户", "S2")

    def test_rows_that_are_heard_again_keep_their_speaker(self, job) -> None:
        store, made = job
        rows = store.result(made).transcript.segments
        again = [
            replace(rows[1], speaker=None, text=text, span=span) for text, span in parts_of(rows[1].span)
        ]
        store.change(made, [Change(None, 1), *(Change(row) for row in again)])
        now = store.result(made).transcript.segments
        assert [row.text for row in now[1:3]] == ["前", "后"]
        assert [row.speaker for row in now[1:3]] == ["S2", "S2"]

    def test_a_row_moves_and_a_correction_does_not(self, job) -> None:
        store, made = job
        rows = store.result(made).transcript.segments
        store.change(made, [Change(replace(rows[0], speaker="S2"), 0, counting="")])
        store.change(made, [Change(replace(rows[1], text="改过"), 1)])
        now = store.result(made).transcript.segments
        assert (now[0].speaker, now[1].speaker, now[1].text) == ("S2", "S2", "改过")
        store.change_people(made, lambda people: people.counted("1", made.options))
        now = store.result(made).transcript.segments
        assert (now[0].speaker, now[1].speaker, now[1].text) == ("S1", "S1", "改过")
        assert store.undo(made)

    def test_the_prints_go_with_the_job(self, job) -> None:
        store, made = job
        folder = store.folder(made.id)
        assert folder.voices.exists()
        store.delete(made)
        assert not folder.path.exists()

    def test_every_word_about_people_counts_as_a_change(self, job) -> None:
        store, made = job
        seen = {store.corrections(made)}
        for change in (
            lambda p: p.counted("2", made.options),
            lambda p: p.renamed("S1", "A"),
            lambda p: p.joined("S2", "S1"),
        ):
            store.change_people(made, change)
            seen.add(store.corrections(made))
        assert len(seen) == 4

    def test_a_damaged_file_is_as_none(self, tmp_path: Path) -> None:
        path = tmp_path / "people.json"
        for damaged in ('{"counting": ', "[]", '{"counting": "2", "said": [], "changes": 1}'):
            path.write_text(damaged)
            assert People.read(path) == People() == People.read(tmp_path / "none")
