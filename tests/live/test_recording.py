"""The sound of a live recording: a WAV file that is whole whenever the process ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from sensevoice.live.recording import FRAME_BYTES, FRAME_SAMPLES, HEADER_BYTES, Recording


def frames(count: int) -> bytes:
    return np.arange(count * FRAME_SAMPLES, dtype="<i2").tobytes()


def test_what_was_appended_is_a_wav_file_of_its_length(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.wav")
    recording.append(frames(3))
    recording.append(b"\1\0\2\0")
    recording.close()
    samples, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert (rate_hz, len(samples)) == (16_000, 3 * FRAME_SAMPLES + 2)
    assert samples.tobytes() == frames(3) + b"\1\0\2\0"


def test_a_killed_process_leaves_whole_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    recording = Recording(path)
    recording.append(frames(2))
    recording.release()
    with path.open("ab") as file:
        file.write(b"\0" * 100)
    again = Recording(path)
    assert (again.frames, path.stat().st_size) == (2, HEADER_BYTES + 2 * FRAME_BYTES)
    again.append(frames(1))
    again.close()
    assert len(soundfile.read(path)[0]) == 3 * FRAME_SAMPLES


def test_a_file_without_a_whole_header_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    recording = Recording(path)
    assert recording.samples == 0
    recording.close()
    assert soundfile.info(path).frames == 0


def test_samples_are_read_as_the_decoder_would_give_them(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.wav")
    recording.append(np.array([0, 32767, -32768] + [0] * (FRAME_SAMPLES - 3), "<i2").tobytes())
    assert recording.read(1, 2).tolist() == [32767 / 32768, -1.0]
    assert len(recording.read(1000, 10_000)) == 600
    recording.release()
