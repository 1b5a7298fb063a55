"""Dialogic's files read as WAV: the header in front, seeking across it, the sound of FFmpeg's decoder."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np

from sensevoice.audio.decoding.vox import wav_around


def test_header_and_content_are_one_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8
    path = tmp_path / "a.vox"
    path.write_bytes(content)
    with wav_around(path) as file:
        whole = file.read()
        assert whole[:4] == b"RIFF" and whole.endswith(content)
        header = len(whole) - len(content)
        assert file.seek(-10, os.SEEK_END) == len(whole) - 10 and file.read() == content[-10:]
        file.seek(header - 2)
        assert file.read(6) == whole[header - 2 : header + 4]
        file.seek(0)
        file.seek(4, os.SEEK_CUR)
        assert file.read(4) == whole[4:8]
        assert file.seek(10 * len(whole)) and file.read() == b""


def test_ffmpeg_decodes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.vox"
    path.write_bytes(np.random.default_rng(1).integers(0, 256, 4000, np.uint8).tobytes())
    with wav_around(path) as file, av.open(file) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate) == ("adpcm_ima_oki", 8000)
        assert sum(frame.samples for frame in container.decode(stream)) == 8000
