"""What is wrong with a recording, with advice: noise, clipping, level, channels, band, speed, damage.

name             value                                                   reported when
low_snr          dB by which speech is louder than what surrounds it     < 10
clipping         percent of samples in runs at full scale                > 0.1
silent           loudest tenth of a second of any channel in dBFS        < -60
very_quiet       level of the speech in dBFS                             < -40
channels_cancel  percent of the loud time in which two channels cancel   > 50
channels_differ  percent of the time in which one channel is much louder channels take turns, in the mix
band_limited     highest frequency in the sound, Hz                      < 8 000
fast_speech      characters, or words of English, a minute of speech     > 220
partial          second up to which the sound could be read              the decoder gave up
damaged          packets that could not be decoded                       > 0
incomplete       percent of the stated length that could be read         < 97
wrong_length     percent of the sound that the header of a WAV speaks of < 100
other_tracks     audio tracks beside the one that was taken by default    > 0
broken_clock     time stamps that could not be true                      > 0
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sensevoice.analysis.advice import advice
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
"""Recognisers are robust down to about here; below, the error rate rises steeply with every decibel."""

MARGIN_MS = 300
"""Speech detection cuts off faint beginnings and ends of words, which must not count as background."""

MIN_BACKGROUND_MS = 500
"""With less sound outside of speech the noise is not measured."""

MAX_CLIPPED_PERCENT = 0.1
"""A single click stays below; too high a gain clips every loud vowel and is far above."""

MIN_SPEECH_DBFS = -40.0
"""Speech is usually recorded at -30 to -15 dBFS; 16-bit noise and hum stand out below this."""

MIN_SIDE_DB = 10.0
"""A side that is this much louder has its own speaker: echo on the line is softer than this, while the level
differences of ordinary stereo are smaller, or do not alternate."""

MIN_SIDE_SHARE = 0.05
"""Each side must be louder for a twentieth of the time: even a caller who mostly listens speaks that much."""

MAX_SIDES_CORRELATION = 0.3
"""Of the two levels over time. Ordinary stereo rises and falls together (0.8 and more); with speakers who
take turns it is negative."""

MAX_CANCELLED_SHARE = 0.5
"""Of the loud time: stereo with an effect of width cancels for moments, a wrong cable all the time."""

SILENT_DBFS = -60.0
"""The hiss of a recorder whose input is not connected; also `sounds.NEVER_AUDIBLE_DBFS`."""

MIN_SWING_DB = 3.0
"""Between the loud and the soft parts of speech, however faint; steady noise has less."""

ACTIVE_RANGE_DB = 25.0
"""Frames this far below the loud ones are pauses, in which sides differ in their noise only."""

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
"""A rate from less speech than this is unreliable."""

CHARACTER = re.compile("[0-9㐀-䶿一-鿿豈-﫿぀-ヿ가-힣\U00020000-\U0003ffff]")
"""Han, kana, hangul and digits: one character is about one syllable."""

WORD = re.compile(r"[^\W\d_㐀-䶿一-鿿豈-﫿぀-ヿ가-힣]+(?:['’][^\W\d_]+)*")


class _Sound(NamedTuple):
    """The levels of frames within speech, and of those well outside of it."""

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
    whole_until_ms: int | None = None,
    *,
    clock_breaks: int = 0,
    header_percent: float | None = None,
    channel: str = "mix",
    other_tracks: int = 0,
) -> tuple[Diagnostic, ...]:
    """Return the problems of a recording, most important first; none for a clean one.

    `speech` is where speech was detected, in any order; `source_rate_hz` the file's own sample rate, 0 when
    unknown; `readable_percent` how much of a file that is not whole could be read; `whole_until_ms` the time
    at which the decoder gave up; `clock_breaks` how many time stamps could not be true; `header_percent` how
    much of a WAV its header speaks of; `channel` what was recognised; `other_tracks` how many were not taken.
    """
    mix = channel == "mix"  # whoever has chosen otherwise needs no advice to do so
    sound = _split(meter, speech, segments)
    measured = {
        "partial": whole_until_ms / 1000 if whole_until_ms is not None else None,
        "damaged": float(bad_packets) if bad_packets else None,
        "incomplete": readable_percent,
        "wrong_length": header_percent,
        "other_tracks": float(other_tracks) if other_tracks else None,
        "broken_clock": float(clock_breaks) if clock_breaks else None,
        "low_snr": _low_snr(sound),
        "clipping": _clipping(meter),
        "silent": _silent(meter.channel_levels),
        "very_quiet": _very_quiet(meter, sound),
        "channels_cancel": _channels_cancel(meter) if mix else None,
        "channels_differ": _channels_differ(meter.channel_levels) if mix else None,
        "band_limited": _band_limited(sound, source_rate_hz),
        "fast_speech": _fast_speech(speech, segments),
    }
    return tuple(advice(name, value) for name, value in measured.items() if value is not None)


def _split(meter: SignalMeter, speech: Sequence[Span], segments: Sequence[Segment]) -> _Sound:
    levels = meter.levels
    inside = frames_within(speech, len(levels))
    # Applause and music that were recognised as such are content, not noise.
    content = [*speech, *(segment.span for segment in segments if segment.kind == "sound")]
    outside = ~frames_touched(content, len(levels), MARGIN_MS)
    return _Sound(levels[inside], levels[outside], meter.treble_levels[inside])


def _low_snr(sound: _Sound) -> float | None:
    if not sound.speech.size or sound.background.size * METER_FRAME_MS < MIN_BACKGROUND_MS:
        return None
    # The median: a door that slams between two sentences is no background noise.
    snr_db = mean_dbfs(sound.speech) - float(np.median(sound.background))
    return snr_db if snr_db < MIN_SNR_DB else None


def _clipping(meter: SignalMeter) -> float | None:
    percent = 100 * meter.clipped_samples / max(1, meter.samples)
    return percent if percent > MAX_CLIPPED_PERCENT else None


def _silent(levels: Levels) -> float | None:
    loudest = float(levels.max()) if levels.size else 0.0
    return loudest if loudest < SILENT_DBFS else None


def _very_quiet(meter: SignalMeter, sound: _Sound) -> float | None:
    """Measure the speech, or the loudest twentieth where none was found: it may be too quiet to find.

    What then neither rises nor falls is noise, of which more gain makes no speech.
    """
    if sound.speech.size:
        level = mean_dbfs(sound.speech)
    elif meter.levels.size:
        soft, level = np.percentile(meter.levels, [20, 95]).tolist()
        if level - soft < MIN_SWING_DB:
            return None
    else:
        return None
    return level if SILENT_DBFS <= level < MIN_SPEECH_DBFS else None


def _channels_cancel(meter: SignalMeter) -> float | None:
    share = meter.cancelled_frames / max(1, meter.active_frames)
    return 100 * share if share > MAX_CANCELLED_SHARE else None


def _channels_differ(levels: Levels) -> float | None:
    """Return for how much of the time one channel is much louder than all others, if they take turns."""
    if levels.shape[0] < 2:
        return None
    louder = levels.max(axis=0)
    active = levels[:, louder > max(np.percentile(louder, 95) - ACTIVE_RANGE_DB, MIN_SPEECH_DBFS - 20)]
    active = active[active.std(axis=1) > 0] if active.size else active  # a dead channel does not change
    if len(active) < 2 or active.shape[1] * METER_FRAME_MS < MIN_SPEECH_MS:
        return None
    ordered = np.sort(active, axis=0)
    leads = (active == ordered[-1]) & (ordered[-1] - ordered[-2] > MIN_SIDE_DB)
    shares = leads.mean(axis=1)
    talking = active[shares >= MIN_SIDE_SHARE]
    if (
        len(talking) < 2
        or np.corrcoef(talking)[np.triu_indices(len(talking), 1)].max() > MAX_SIDES_CORRELATION
    ):
        return None
    return 100 * float(shares.sum())


def _band_limited(sound: _Sound, source_rate_hz: int) -> float | None:
    if 0 < source_rate_hz < SAMPLE_RATE_HZ:
        return source_rate_hz / 2
    level = mean_dbfs(sound.speech)
    # In speech that is too quiet, treble is lost in rounding noise, whatever the microphone.
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
