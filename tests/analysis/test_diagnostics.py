"""What spoils a recording is named, with the measured number; its near miss and a clean one are not."""

from __future__ import annotations

import math
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from sensevoice.analysis.diagnostics import SILENCE_DBFS, SignalMeter, diagnose, level_dbfs
from sensevoice.transcript import Diagnostic, Segment, Span
from tests.media import babble, needs_espeak, needs_ffmpeg, noise, spoken, tone

SECOND = 16_000


def examine(
    samples: np.ndarray,
    speech: Sequence[Span] | None = None,
    text: str = "",
    source_rate_hz: int = 16_000,
    bad_packets: int = 0,
    block_samples: int = 10 * SECOND,
    sounds: Sequence[Span] = (),
) -> dict[str, Diagnostic]:
    """Diagnose (n,) or (channels, n) samples; speech is all of it unless told otherwise."""
    channels = np.atleast_2d(samples).astype(np.float32)
    meter = SignalMeter()
    for start in range(0, channels.shape[1], block_samples):
        meter.feed(channels[:, start : start + block_samples])
    spans = [Span(0, channels.shape[1] // 16)] if speech is None else speech
    segments = [Segment("speech", spans[0], text)] if spans and text else []
    segments += [Segment("sound", span) for span in sounds]
    result = diagnose(meter, spans, segments, source_rate_hz, bad_packets)
    return {diagnostic.name: diagnostic for diagnostic in result}


def turns(seconds: float, first: int, level_dbfs: float = -20.0, seed: int = 0) -> np.ndarray:
    """Return someone who speaks every other two seconds, from the turn `first` on, over a quiet line."""
    voice = babble(seconds, level_dbfs, seed)
    time_s = np.arange(len(voice)) / SECOND
    return (voice * ((time_s // 2).astype(int) % 2 == first) + noise(seconds, -70, seed + 9)).astype(
        np.float32
    )


class TestLevel:
    @pytest.mark.parametrize(("amplitude", "expected"), [(1.0, -3.01), (0.1, -23.01), (0.001, -63.01)])
    def test_it_is_the_rms_in_dbfs(self, amplitude: float, expected: float) -> None:
        assert level_dbfs(tone(440, 1, amplitude)) == pytest.approx(expected, abs=0.01)

    def test_silence_has_a_level_too(self) -> None:
        assert level_dbfs(np.zeros(100, np.float32)) == SILENCE_DBFS == -100
        assert level_dbfs(np.zeros(0, np.float32)) == SILENCE_DBFS

    def test_any_shape_and_no_overflow(self) -> None:
        assert level_dbfs(np.ones((2, 50), np.float32)) == pytest.approx(0)
        assert math.isfinite(level_dbfs(np.full(10, 1e30, np.float32)))


class TestMeter:
    def test_a_level_for_every_tenth_of_a_second(self) -> None:
        meter = SignalMeter()
        meter.feed(
            np.concatenate([tone(440, 0.1, 1.0), tone(440, 0.1, 0.1), np.zeros(1600, np.float32)])[None]
        )
        assert meter.levels == pytest.approx([-3.0, -23.0, -100.0], abs=0.3)

    def test_how_it_is_cut_into_blocks_does_not_matter(self) -> None:
        samples = np.stack([babble(3), babble(3, -30, seed=1)])
        whole, pieces = SignalMeter(), SignalMeter()
        whole.feed(samples)
        for start in range(0, samples.shape[1], 777):
            pieces.feed(samples[:, start : start + 777])
        np.testing.assert_array_equal(whole.channel_levels, pieces.channel_levels)
        np.testing.assert_array_equal(whole.treble_levels, pieces.treble_levels)
        assert whole.samples == pieces.samples == 3 * SECOND

    def test_treble_is_what_lies_above_the_telephone_band(self) -> None:
        meter = SignalMeter()
        meter.feed(np.concatenate([tone(1_000, 0.1, 1.0), tone(6_000, 0.1, 1.0)])[None])
        assert meter.treble_levels == pytest.approx([-100, -3.0], abs=0.5)

    def test_an_hour_takes_little_memory(self) -> None:
        meter, block = SignalMeter(), np.stack([babble(10), babble(10, seed=1)])
        meter.feed(block)
        tracemalloc.start()
        for _ in range(360):
            meter.feed(block)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 200_000

    def test_nothing_fed(self) -> None:
        assert diagnose(SignalMeter(), [], [], 16_000) == ()


class TestCleanRecordings:
    @needs_ffmpeg
    @needs_espeak
    @pytest.mark.parametrize(
        ("voice", "text"),
        [
            ("en", "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore."),
            ("zh", "今天天气很好，我们去公园散步吧。下午三点在学校门口见面，请不要迟到。"),
        ],
    )
    def test_speech_at_16_khz(self, voice: str, text: str) -> None:
        sound = spoken(text, voice)
        pause = noise(1, -75)
        spans = [Span(1_000, 1_000 + len(sound) // 16)]
        assert examine(np.concatenate([pause, sound, pause]), spans, text) == {}

    @needs_ffmpeg
    @needs_espeak
    def test_speech_in_stereo(self) -> None:
        sound = spoken("The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore.")
        assert examine(np.stack([sound, 0.7 * sound])) == {}

    def test_silence(self) -> None:
        assert examine(np.zeros(5 * SECOND), speech=[]) == {}


class TestLowSnr:
    SPEECH = (Span(2_000, 8_000),)

    def recording(self, noise_dbfs: float) -> np.ndarray:
        samples = noise(10, noise_dbfs)
        samples[2 * SECOND : 8 * SECOND] += babble(6, -20, seed=1)
        return samples

    def test_noise_just_below_the_speech(self) -> None:
        result = examine(self.recording(-26), self.SPEECH)["low_snr"]
        assert result.value == pytest.approx(7, abs=1)  # the speech frames hold the noise as well

    def test_noise_well_below_the_speech(self) -> None:
        assert "low_snr" not in examine(self.recording(-35), self.SPEECH)

    def test_a_door_that_slams_is_no_background(self) -> None:
        samples = self.recording(-60)
        samples[SECOND // 2 : SECOND] += noise(0.5, -10, seed=2)
        assert "low_snr" not in examine(samples, self.SPEECH)

    def test_applause_that_was_recognised_is_no_background(self) -> None:
        samples = self.recording(-60)
        samples[8 * SECOND :] += noise(2, -20, seed=2)
        samples[: 1 * SECOND] += noise(1, -20, seed=3)
        assert "low_snr" in examine(samples, self.SPEECH)
        assert "low_snr" not in examine(samples, self.SPEECH, sounds=[Span(8_000, 10_000), Span(0, 1_000)])

    def test_the_ends_of_words_are_no_background(self) -> None:
        result = examine(babble(10, -20), [Span(200, 4_900), Span(5_100, 9_800)])
        assert "low_snr" not in result


class TestClipping:
    def test_gain_set_too_high(self) -> None:
        result = examine(np.clip(babble(5, -5), -1, 1))["clipping"]
        assert 0.1 < result.value < 50

    def test_peaks_that_just_reach_full_scale(self) -> None:
        samples = babble(5, -20)
        assert "clipping" not in examine(samples / np.abs(samples).max())

    def test_single_samples_at_full_scale_are_peaks(self) -> None:
        samples = babble(5, -20)
        samples[::400] = 1.0
        assert "clipping" not in examine(samples)

    def test_a_few_clicks(self) -> None:
        samples = babble(10, -20)
        samples[::SECOND] = 1.0
        samples[50_000:50_100] = -1.0  # 0.06 %
        assert "clipping" not in examine(samples)

    def test_the_worse_channel_counts(self) -> None:
        assert "clipping" in examine(np.stack([babble(5, -20), np.clip(babble(5, -5), -1, 1)]))


class TestVeryQuiet:
    def test_speech_that_can_hardly_be_heard(self) -> None:
        assert examine(babble(5, -50))["very_quiet"].value == pytest.approx(-50, abs=2)

    def test_soft_speech(self) -> None:
        assert "very_quiet" not in examine(babble(5, -35))

    def test_pauses_do_not_make_a_recording_quiet(self) -> None:
        samples = np.concatenate([babble(3, -30), np.zeros(60 * SECOND)])
        assert "very_quiet" not in examine(samples, [Span(0, 3_000)])

    def test_so_quiet_that_no_speech_was_found(self) -> None:
        assert "very_quiet" in examine(babble(5, -65), speech=[])


class TestChannelsDiffer:
    def test_a_call_with_one_speaker_on_each_side(self) -> None:
        result = examine(np.stack([turns(20, 0), turns(20, 1, seed=1)]))["channels_differ"]
        assert result.value > 80

    def test_a_call_with_unequal_levels_and_echo(self) -> None:
        left, right = turns(20, 0), turns(20, 1, -28, seed=1)
        assert "channels_differ" in examine(np.stack([left + 0.05 * right, right + 0.05 * left]))

    def test_a_caller_who_mostly_listens(self) -> None:
        left, right = babble(60, -20), noise(60, -70)
        left[20 * SECOND : 26 * SECOND] *= 0.001
        right[20 * SECOND : 26 * SECOND] = babble(6, -20, seed=1)
        assert "channels_differ" in examine(np.stack([left, right]))

    @pytest.mark.parametrize("gain", [1.0, 0.5, 0.1, 0.01])
    def test_stereo_of_the_same_sound_at_other_levels(self, gain: float) -> None:
        voice = turns(20, 0)
        assert "channels_differ" not in examine(np.stack([voice, gain * voice]))

    def test_stereo_with_a_delay_and_a_room(self) -> None:
        voice = turns(20, 0)
        right = 0.8 * np.roll(voice, 160) + 0.3 * np.roll(voice, 800) + noise(20, -55, seed=5)
        assert "channels_differ" not in examine(np.stack([voice, right]))

    def test_two_speakers_in_one_room(self) -> None:
        one, two = turns(20, 0), turns(20, 1, seed=1)
        assert "channels_differ" not in examine(np.stack([one + 0.5 * two, 0.5 * one + two]))

    def test_a_sound_that_moves_from_side_to_side(self) -> None:
        left, right = np.stack([babble(20), babble(20)])
        left[4 * SECOND : 6 * SECOND] *= 0.2
        right[12 * SECOND : 14 * SECOND] *= 0.2
        assert "channels_differ" not in examine(np.stack([left, right]))

    @pytest.mark.parametrize("hiss_dbfs", [-200.0, -60.0])
    def test_a_dead_channel_carries_no_other_content(self, hiss_dbfs: float) -> None:
        assert "channels_differ" not in examine(np.stack([turns(20, 0), noise(20, hiss_dbfs, seed=5)]))

    def test_mono(self) -> None:
        assert "channels_differ" not in examine(turns(20, 0))


class TestBandLimited:
    @pytest.mark.parametrize(("rate_hz", "band_hz"), [(8_000, 4_000), (11_025, 5_512.5)])
    def test_a_file_of_low_rate(self, rate_hz: int, band_hz: float) -> None:
        assert examine(babble(5), source_rate_hz=rate_hz)["band_limited"].value == band_hz

    @pytest.mark.parametrize("rate_hz", [16_000, 48_000, 0])
    def test_a_file_of_full_rate(self, rate_hz: int) -> None:
        assert "band_limited" not in examine(babble(5), source_rate_hz=rate_hz)

    @needs_ffmpeg
    @needs_espeak
    def test_a_telephone_recording_that_was_converted(self) -> None:
        text = "Good morning, you are speaking with the customer service."
        line = spoken(text, rate_hz=8_000)
        spectrum = np.fft.rfft(line)
        converted = (
            np.fft.irfft(np.append(spectrum, np.zeros(len(line) - len(spectrum) + 1)), 2 * len(line)) * 2
        )
        rounded = np.round(converted * 32767) / 32767
        assert examine(rounded)["band_limited"].value == 4_000
        assert "band_limited" not in examine(spoken(text))

    def test_what_is_heard_outside_of_speech_does_not_count(self) -> None:
        hum = tone(300, 5, 0.2)
        assert "band_limited" not in examine(hum, speech=[])
        assert "band_limited" in examine(hum)


class TestFastSpeech:
    def test_chinese(self) -> None:
        assert examine(babble(60), text="快" * 250)["fast_speech"].value == pytest.approx(250)
        assert "fast_speech" not in examine(babble(60), text="慢，" * 210)

    def test_english_is_counted_in_words(self) -> None:
        assert examine(babble(60), text="it's quick " * 120)["fast_speech"].value == pytest.approx(240)
        assert "fast_speech" not in examine(babble(60), text="it's normal " * 100)

    def test_mixed_text_and_digits(self) -> None:
        assert examine(babble(60), text="打开app看2024 " * 30)["fast_speech"].value == pytest.approx(240)

    @pytest.mark.parametrize("text", ["はやくち" * 60, "빨리말해" * 60, "講得好快" * 60])
    def test_japanese_korean_cantonese(self, text: str) -> None:
        assert "fast_speech" in examine(babble(60), text=text)

    def test_only_the_time_of_speech_counts(self) -> None:
        assert "fast_speech" in examine(babble(60), [Span(0, 20_000)], "快" * 100)

    def test_a_single_short_shout_is_no_rate(self) -> None:
        assert "fast_speech" not in examine(babble(10), [Span(0, 1_000)], "快快快快快快快快")


def test_damage() -> None:
    assert examine(babble(5), bad_packets=3)["damaged"].value == 3
    assert "damaged" not in examine(babble(5))


def test_advice_carries_the_number_in_both_languages() -> None:
    noisy = np.stack([np.clip(turns(20, 0, -4), -1, 1), turns(20, 1, seed=1)])
    result = examine(noisy, source_rate_hz=8_000, text="快" * 100, bad_packets=12)
    result |= examine(babble(10, -55) + noise(10, -58), speech=[Span(3_000, 6_000)])
    assert len(result) == 7
    for diagnostic in result.values():
        number = f"{diagnostic.value:.1f}" if diagnostic.name == "clipping" else f"{diagnostic.value:.0f}"
        assert number in diagnostic.zh and number in diagnostic.en


def test_importing_it_loads_no_decoder_and_no_model() -> None:
    code = (
        "import sys, sensevoice.analysis.diagnostics; assert not {'av', 'torch', 'gradio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
