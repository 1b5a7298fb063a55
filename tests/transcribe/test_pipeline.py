"""The whole way from a file to its record, with a scripted model: what goes where, in which order."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.protocols import Recognition
from sensevoice.transcribe.pipeline import iter_segments, iter_updates, transcribe
from sensevoice.transcript import Segment, Transcript
from tests.fakes import FakeRecognizer, silence, tone, write_wav

SPEECH = "<|zh|><|NEUTRAL|><|Speech|><|withitn|>你好。"
APPLAUSE = "<|nospeech|><|EMO_UNKNOWN|><|Applause|><|withitn|>"
MUSIC = "<|nospeech|><|EMO_UNKNOWN|><|BGM|><|withitn|>"
NOTHING = "<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|withitn|>"

HZ = {SPEECH: 300, APPLAUSE: 900, MUSIC: 1_500}


def answer(clip: np.ndarray, options: Options) -> str:
    """Answer by the pitch of the clip: each kind of sound in these tests has its own."""
    if not clip.any():
        return NOTHING
    spectrum = np.abs(np.fft.rfft(clip))
    pitch_hz = float(np.fft.rfftfreq(len(clip), 1 / 16_000)[spectrum.argmax()])
    return min(HZ, key=lambda raw: abs(HZ[raw] - pitch_hz))


def talk(duration_ms: int) -> np.ndarray:
    return tone(duration_ms, frequency_hz=HZ[SPEECH])


def clap(duration_ms: int) -> np.ndarray:
    return tone(duration_ms, frequency_hz=HZ[APPLAUSE])


def music(duration_ms: int, level: float = 0.3) -> np.ndarray:
    return tone(duration_ms, level, HZ[MUSIC])


def spans(segments: tuple[Segment, ...] | list[Segment]) -> list[tuple[str, int, int]]:
    return [(segment.kind, segment.span.start_ms, segment.span.end_ms) for segment in segments]


def test_speech_and_sounds_come_out_in_order_with_their_times(tmp_path: Path) -> None:
    file = write_wav(
        tmp_path / "talk.wav",
        silence(1_000),
        talk(2_000),
        clap(3_000),
        silence(2_000),
        talk(1_000),
        music(4_000),
    )
    transcript = transcribe(file, FakeRecognizer([(1_000, 3_000), (8_000, 9_000)], answer))
    assert spans(transcript.segments) == [
        ("speech", 1_000, 3_000),
        ("sound", 3_000, 6_000),
        ("speech", 8_000, 9_000),
        ("sound", 9_000, 13_000),
    ]
    assert [segment.text for segment in transcript.segments] == ["你好。", "", "你好。", ""]
    assert [[event.name for event in segment.events] for segment in transcript.segments] == [
        [], ["Applause"], [], ["BGM"]
    ]  # fmt: skip
    assert transcript.duration_ms == 13_000
    assert transcript.source == "talk.wav"


def test_one_sound_after_another_is_told_apart_within_a_second(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", talk(2_000), clap(4_000), music(5_000))
    first, second = transcribe(file, FakeRecognizer([(0, 2_000)], answer)).segments[1:]
    assert first.span.start_ms == 2_000
    assert abs(second.span.start_ms - 6_000) <= 1_000
    assert second.span.end_ms == 11_000


def test_a_file_of_music_alone_is_music_and_says_how_it_grows(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", *(music(1_000, level) for level in np.linspace(0.05, 0.5, 9)))
    (segment,) = transcribe(file, FakeRecognizer([], answer)).segments
    assert spans([segment]) == [("sound", 0, 9_000)]
    assert [(event.name, event.trend) for event in segment.events] == [("BGM", "rising")]


def test_a_long_sound_is_one_segment_and_memory_does_not_grow_with_it(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", music(200_000))
    recognizer = FakeRecognizer([], answer)
    (segment,) = transcribe(file, recognizer).segments
    assert spans([segment]) == [("sound", 0, 200_000)]
    assert segment.raw == MUSIC
    assert max(recognizer.batches) <= 80


def test_sounds_can_be_switched_off(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", talk(2_000), clap(3_000))
    transcript = transcribe(file, FakeRecognizer([(0, 2_000)], answer), Options(sounds=False))
    assert spans(transcript.segments) == [("speech", 0, 2_000)]


def test_by_length_speech_is_joined_and_the_clip_is_exactly_that_stretch(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", silence(500), talk(2_000), silence(800), talk(2_000), silence(1_500))
    recognizer = FakeRecognizer([(500, 2_500), (3_300, 5_300)], answer)
    assert spans(transcribe(file, recognizer, Options(merge="length")).segments) == [("speech", 500, 5_300)]
    assert [len(clip) for clip in recognizer.clips] == [4_800 * 16]
    assert spans(transcribe(file, recognizer, Options(merge="length", merge_length_s=0)).segments) == [
        ("speech", 500, 2_500),
        ("speech", 3_300, 5_300),
    ]


def test_silence_is_a_result(tmp_path: Path) -> None:
    recognizer = FakeRecognizer([], answer)
    transcript = transcribe(write_wav(tmp_path / "a.wav", silence(5_000)), recognizer)
    assert transcript.segments == ()
    assert recognizer.clips == []


def test_a_clip_that_fails_is_shown_as_failed_and_the_others_go_on(tmp_path: Path) -> None:
    file = write_wav(
        tmp_path / "a.wav", talk(1_000), silence(2_000), clap(1_200), silence(2_000), talk(2_000)
    )

    def failing(clip: np.ndarray, options: Options) -> str | Recognition:
        return Recognition("", error="out of memory") if len(clip) < 2_000 * 16 else answer(clip, options)

    transcript = transcribe(file, FakeRecognizer([(0, 1_000), (6_200, 8_200)], failing))
    assert spans(transcript.segments) == [
        ("speech", 0, 1_000),
        ("sound", 3_000, 4_200),
        ("speech", 6_200, 8_200),
    ]
    assert [segment.error for segment in transcript.segments] == ["out of memory", "out of memory", None]
    assert len(transcript.failed()) == 2


def test_music_that_the_detector_took_for_speech_is_still_one_sound(tmp_path: Path) -> None:
    file = write_wav(
        tmp_path / "a.wav", talk(1_000), *(music(1_000, level) for level in np.linspace(0.05, 0.5, 9))
    )
    transcript = transcribe(
        file, FakeRecognizer([(0, 1_000), (4_380, 4_900)], answer), Options(merge_length_s=0)
    )
    assert spans(transcript.segments) == [("speech", 0, 1_000), ("sound", 1_000, 10_000)]
    assert [(event.name, event.trend) for event in transcript.segments[1].events] == [("BGM", "rising")]


def test_speech_the_detector_missed_is_recognised_after_all(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", clap(3_000), talk(5_000), silence(1_000))
    words = "<|en|><|NEUTRAL|><|Speech|><|withitn|>Nobody found me here."

    def hears_speech(clip: np.ndarray, options: Options) -> str:
        heard = answer(clip, options)
        return words if heard == SPEECH else heard

    transcript = transcribe(file, FakeRecognizer([], hears_speech))
    assert [segment.kind for segment in transcript.segments] == ["sound", "speech"]
    assert transcript.segments[1].text == "Nobody found me here."
    assert abs(transcript.segments[1].span.start_ms - 3_000) <= 1_000


@pytest.mark.parametrize("made_up", ["<|en|><|NEUTRAL|><|Speech|><|withitn|>The.", NOTHING])
def test_text_made_up_for_noise_is_not_taken_for_speech(tmp_path: Path, made_up: str) -> None:
    file = write_wav(tmp_path / "a.wav", tone(6_000, frequency_hz=80))
    assert transcribe(file, FakeRecognizer([], lambda clip, options: made_up)).segments == ()


def test_text_in_a_sound_stays_in_raw_only(tmp_path: Path) -> None:
    raw = "<|zh|><|NEUTRAL|><|BGM|><|withitn|>啦啦啦啦啦。"
    (segment,) = transcribe(
        write_wav(tmp_path / "a.wav", music(4_000)), FakeRecognizer([], lambda clip, options: raw)
    ).segments
    assert (segment.kind, segment.text, segment.raw) == ("sound", "", raw)


def test_segments_are_known_while_the_file_is_still_being_read(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", talk(2_000), silence(60_000))
    updates = list(iter_updates(file, FakeRecognizer([(0, 2_000)], answer)))
    known_at = next(index for index, update in enumerate(updates) if isinstance(update, Segment))
    still_read = [u for u in updates[known_at:] if isinstance(u, Progress) and u.stage == "decode"]
    assert len(still_read) >= 5


def test_progress_never_goes_back_and_ends_with_the_transcript(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", talk(2_000), silence(20_000), clap(3_000))
    updates = list(iter_updates(file, FakeRecognizer([(0, 2_000)], answer)))
    assert isinstance(updates[-1], Transcript)
    assert updates[-2] == Progress("done", 25_000, 25_000)
    progress = [update for update in updates if isinstance(update, Progress)]
    assert {item.stage for item in progress} == {"decode", "recognise", "done"}
    assert [item.done_ms for item in progress] == sorted(item.done_ms for item in progress)
    assert updates[-1].segments == tuple(u for u in updates if isinstance(u, Segment))


def test_closing_the_iterator_ends_the_run(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "a.wav", talk(2_000), silence(3_000), talk(2_000))
    recognizer = FakeRecognizer([(0, 2_000), (5_000, 7_000)], answer)
    segments = iter_segments(file, recognizer, Options(batch_size_s=1))
    assert next(segments).text == "你好。"
    segments.close()
    assert len(recognizer.clips) == 1


def test_batches_hold_no_more_audio_than_allowed(tmp_path: Path) -> None:
    parts = [part for _ in range(6) for part in (talk(2_000), silence(2_000))]
    recognizer = FakeRecognizer([(start, start + 2_000) for start in range(0, 24_000, 4_000)], answer)
    transcribe(write_wav(tmp_path / "a.wav", *parts), recognizer, Options(batch_size_s=4, merge_length_s=0))
    assert max(recognizer.batches) == 2
    assert sum(recognizer.batches) == 6


class TestChannels:
    @pytest.fixture
    def call(self, tmp_path: Path) -> Path:
        """Left speaks first, then claps are heard on the right."""
        left = np.concatenate([talk(2_000), silence(4_000)])
        right = np.concatenate([silence(3_000), clap(3_000)])
        return write_wav(tmp_path / "call.wav", np.stack([left, right]))

    def test_split_recognises_each_on_its_own_and_merges_by_time(self, call: Path) -> None:
        transcript = transcribe(call, FakeRecognizer([(0, 2_000)], answer), Options(channel="split"))
        assert [(s.channel, s.kind, s.span.start_ms) for s in transcript.segments] == [
            ("left", "speech", 0),
            # The fake detector finds speech at 0 on the right, too, where nothing is heard.
            ("right", "sound", 3_000),
        ]

    @pytest.mark.parametrize(("channel", "sounds"), [("left", 0), ("right", 1), ("mix", 1)])
    def test_one_channel_or_both(self, call: Path, channel: str, sounds: int) -> None:
        transcript = transcribe(call, FakeRecognizer([(0, 2_000)], answer), Options(channel=channel))  # type: ignore[arg-type]
        assert len([s for s in transcript.segments if s.kind == "sound"]) == sounds
        assert {s.channel for s in transcript.segments} == {None}

    def test_split_of_a_mono_file_is_the_file(self, tmp_path: Path) -> None:
        file = write_wav(tmp_path / "mono.wav", talk(2_000))
        transcript = transcribe(file, FakeRecognizer([(0, 2_000)], answer), Options(channel="split"))
        assert [(s.channel, s.text) for s in transcript.segments] == [(None, "你好。")]


def test_many_callers_at_once(tmp_path: Path) -> None:
    files = [write_wav(tmp_path / f"{n}.wav", talk(1_000 + 100 * n), silence(500)) for n in range(6)]
    recognizers = [FakeRecognizer([(0, 1_000 + 100 * n)], answer) for n in range(6)]
    ends: dict[int, int] = {}

    def run(number: int) -> None:
        ends[number] = transcribe(files[number], recognizers[number]).segments[0].span.end_ms

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {n: 1_000 + 100 * n for n in range(6)}
