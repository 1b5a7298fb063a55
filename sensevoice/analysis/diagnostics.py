"""What is wrong with a recording, with advice: noise, clipping, level, channels, band, speed, damage.

name             value                                                   reported when
low_snr          dB by which speech is louder than what surrounds it     < 10
clipping         percent of samples in runs at full scale                > 0.1
very_quiet       level of the speech in dBFS                             < -40
channels_differ  percent of the time in which one side is much louder    sides take turns
band_limited     highest frequency in the sound, Hz                      < 8 000
fast_speech      characters, or words of English, a minute of speech     > 220
damaged          packets that could not be decoded                       > 0
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.audio.levels import (
    METER_FRAME_MS,
    SILENCE_DBFS,
    Levels,
    SignalMeter,
    frames_touched,
    frames_within,
    level_dbfs,
    mean_dbfs,
)
from sensevoice.errors import SenseVoiceError
from sensevoice.transcript import Diagnostic, Segment, Span

__all__ = ["SILENCE_DBFS", "SignalMeter", "diagnose", "level_dbfs"]

MIN_SNR_DB = 10.0
"""Recognisers hold up to about here; below, the error rate climbs steeply with every decibel."""

MARGIN_MS = 300
"""Speech detection cuts the faint beginnings and ends of words; they are not taken for background."""

MIN_BACKGROUND_MS = 500
"""Less sound outside of speech than this says nothing about the noise."""

MAX_CLIPPED_PERCENT = 0.1
"""A stray click stays below; a gain set too high clips every loud vowel and is far above."""

MIN_SPEECH_DBFS = -40.0
"""Speech is usually recorded at -30 to -15 dBFS; 16-bit noise and hum stand out below this."""

MIN_SIDE_DB = 10.0
"""A side that is this much louder has its own speaker: with echo over the line the other side stays
below, while the level differences of ordinary stereo are smaller, or do not change places."""

MIN_SIDE_SHARE = 0.05
"""Each side must lead for a twentieth of the time: a caller who mostly listens still says that much."""

MAX_SIDES_CORRELATION = 0.3
"""Of the two levels over time. Ordinary stereo rises and falls together (0.8 and more); speakers who
take turns make it negative."""

ACTIVE_RANGE_DB = 25.0
"""Frames this far below the loud ones are pauses, in which sides differ by their noise only."""

MIN_TREBLE_DB = -50.0
"""Speech above 5 kHz relative to all of it. Measured: -17 to -33 dB for the example recordings of
SenseVoice and for espeak-ng, also after low-rate MP3 and Opus; -76 and less for telephone recordings
that were converted to 16 kHz, where only rounding noise is left."""

TELEPHONE_HZ = 4_000
"""Half the sample rate of a telephone line."""

MAX_UNITS_PER_MINUTE = 220
"""Characters of Chinese, Japanese and Korean, a minute of speech: from here on longer segments (a merge
length of 20 s) read better than the usual ones of 15 s. A word of English counts as one, too: 220 words
are hurried, 150 to 200 are not. Its syllables are no measure, of which unhurried English has 240 to 300."""

MIN_SPEECH_MS = 5_000
"""A rate from less speech than this is chance."""

CHARACTER = re.compile("[0-9㐀-䶿一-鿿豈-﫿぀-ヿ가-힣\U00020000-\U0003ffff]")
"""Han, kana, hangul and digits: one character is about one syllable."""

WORD = re.compile(r"[^\W\d_㐀-䶿一-鿿豈-﫿぀-ヿ가-힣]+(?:['’][^\W\d_]+)*")

ADVICE = {
    "low_snr": (
        "背景噪声较大：语音只比背景高 {value:.0f} dB。建议先降噪，或让麦克风靠近说话人。",
        "Much background noise: speech is only {value:.0f} dB louder than the rest. "
        "Reduce the noise first, or bring the microphone closer.",
    ),
    "clipping": (
        "录音削波失真：{value:.1f}% 的采样达到满幅。建议降低录音增益后重录，或使用未失真的原始文件。",
        "The recording is clipped: {value:.1f}% of the samples are at full scale. "
        "Record again with less gain, or use an original that is not distorted.",
    ),
    "very_quiet": (
        "音量很低：语音只有 {value:.0f} dBFS。建议先提高音量（增益）再识别。",
        "Very quiet: speech is at {value:.0f} dBFS. Raise the gain first.",
    ),
    "channels_differ": (
        "左右声道内容不同：{value:.0f}% 的时间里只有一侧在说话。建议声道选择“分离”，或只选其中一侧。",
        "Left and right carry different content: for {value:.0f}% of the time one side speaks alone. "
        "Set the channel to split, or choose one side.",
    ),
    "band_limited": (
        "音频带宽只有 {value:.0f} Hz（电话音质），识别率会下降。有更高采样率的原始文件时请使用原始文件。",
        "The sound ends at {value:.0f} Hz (telephone quality), which costs accuracy. "
        "Use an original with a higher sample rate if there is one.",
    ),
    "fast_speech": (
        "语速较快：每分钟约 {value:.0f} 个字或词。可以把合并长度设为 20 秒再试。",
        "Fast speech: about {value:.0f} characters or words a minute. Try a merge length of 20 seconds.",
    ),
    "damaged": (
        "文件有损坏：{value:.0f} 个数据包无法解码，已跳过，可能缺少个别语句。",
        "The file is damaged: {value:.0f} packets could not be decoded and were left out; "
        "some words may be missing.",
    ),
    "incomplete": (
        "文件不完整：只有约 {value:.0f}% 可以读取，已转写这一部分。请检查原文件，或重新导出。",
        "The file is not whole: only about {value:.0f} % of it could be read, which was transcribed. "
        "Check the original, or export it again.",
    ),
}


class _Sound(NamedTuple):
    """The frames that lie within speech, and those well outside of it."""

    speech: Levels
    background: Levels
    speech_treble: Levels


def diagnose(
    meter: SignalMeter,
    speech: Sequence[Span],
    segments: Sequence[Segment],
    source_rate_hz: int,
    bad_packets: int = 0,
    readable_percent: float | None = None,
) -> tuple[Diagnostic, ...]:
    """Return what is wrong, most important first; nothing for a clean recording.

    `speech` is where speech was detected, in any order; `source_rate_hz` the file's own sample rate, 0
    when unknown; `readable_percent` how much of a file that is not whole could be read.
    """
    sound = _split(meter, speech, segments)
    measured = {
        "damaged": float(bad_packets) if bad_packets else None,
        "incomplete": readable_percent,
        "low_snr": _low_snr(sound),
        "clipping": _clipping(meter),
        "very_quiet": _very_quiet(meter, sound),
        "channels_differ": _channels_differ(meter.channel_levels),
        "band_limited": _band_limited(sound, source_rate_hz),
        "fast_speech": _fast_speech(speech, segments),
    }
    return tuple(_diagnostic(name, value) for name, value in measured.items() if value is not None)


def _diagnostic(name: str, value: float) -> Diagnostic:
    zh, en = ADVICE[name]
    return Diagnostic(name, round(value, 2), zh.format(value=value), en.format(value=value))


def _split(meter: SignalMeter, speech: Sequence[Span], segments: Sequence[Segment]) -> _Sound:
    levels = meter.levels
    inside = frames_within(speech, len(levels))
    # Applause and music that were recognised as such are part of the recording, not its noise.
    heard = [*speech, *(segment.span for segment in segments if segment.kind == "sound")]
    outside = ~frames_touched(heard, len(levels), MARGIN_MS)
    return _Sound(levels[inside], levels[outside], meter.treble_levels[inside])


def _low_snr(sound: _Sound) -> float | None:
    if not sound.speech.size or sound.background.size * METER_FRAME_MS < MIN_BACKGROUND_MS:
        return None
    # The median: a door that slams between two sentences is not the background.
    snr_db = mean_dbfs(sound.speech) - float(np.median(sound.background))
    return snr_db if snr_db < MIN_SNR_DB else None


def _clipping(meter: SignalMeter) -> float | None:
    percent = 100 * meter.clipped_samples / max(1, meter.samples)
    return percent if percent > MAX_CLIPPED_PERCENT else None


def _very_quiet(meter: SignalMeter, sound: _Sound) -> float | None:
    """Measure the speech, or the loudest twentieth where none was found: it may be too quiet to find."""
    if sound.speech.size:
        level = mean_dbfs(sound.speech)
    elif meter.levels.size:
        level = float(np.percentile(meter.levels, 95))
    else:
        return None
    return level if SILENCE_DBFS < level < MIN_SPEECH_DBFS else None


def _channels_differ(levels: Levels) -> float | None:
    if levels.shape[0] != 2:
        return None
    louder = levels.max(axis=0)
    active = levels[:, louder > max(np.percentile(louder, 95) - ACTIVE_RANGE_DB, MIN_SPEECH_DBFS - 20)]
    if active.shape[1] * METER_FRAME_MS < MIN_SPEECH_MS or not active.std(axis=1).all():
        return None  # too little to judge, or a side that does not change at all: a dead channel
    lead_db = active[0] - active[1]
    left, right = float(np.mean(lead_db > MIN_SIDE_DB)), float(np.mean(lead_db < -MIN_SIDE_DB))
    together = np.asarray(np.corrcoef(active))[0, 1] > MAX_SIDES_CORRELATION
    return None if together or min(left, right) < MIN_SIDE_SHARE else 100 * (left + right)


def _band_limited(sound: _Sound, source_rate_hz: int) -> float | None:
    if 0 < source_rate_hz < SAMPLE_RATE_HZ:
        return source_rate_hz / 2
    level = mean_dbfs(sound.speech)
    # Of speech that is too quiet, treble is lost in rounding noise whatever the microphone heard.
    if level < MIN_SPEECH_DBFS or mean_dbfs(sound.speech_treble) - level > MIN_TREBLE_DB:
        return None
    return float(TELEPHONE_HZ)


def _fast_speech(speech: Sequence[Span], segments: Sequence[Segment]) -> float | None:
    speech_ms = sum(span.duration_ms for span in speech)
    if speech_ms < MIN_SPEECH_MS:
        return None
    text = " ".join(segment.text for segment in segments if segment.kind == "speech")
    count = len(CHARACTER.findall(text)) + len(WORD.findall(text))
    per_minute = count * 60_000 / speech_ms
    return per_minute if per_minute > MAX_UNITS_PER_MINUTE else None


def no_speakers(error: SenseVoiceError) -> Diagnostic:
    """Return the sentence for a transcript that should tell its speakers apart, and cannot."""
    return Diagnostic(
        "no_speakers",
        1.0,
        f"没有区分说话人：{error.message('zh')}",
        f"Speakers are not told apart: {error.message('en')}",
    )
