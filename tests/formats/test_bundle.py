"""Several transcripts in one zip file."""

from __future__ import annotations

import io
import zipfile

import pytest

from sensevoice.formats import FORMATS, RenderOptions, as_bytes, render
from sensevoice.formats.bundle import entry_names, zip_of
from sensevoice.runtime.file_names import MAX_NAME_BYTES
from sensevoice.transcript import Segment, Span, Transcript


def record(source: str, text: str = "你好") -> Transcript:
    return Transcript(source, 5000, (Segment("speech", Span(0, 1000), text, language="zh"),))


def bundled(files: list[Transcript], name: str, options: RenderOptions | None = None) -> bytes:
    names = entry_names(files, FORMATS[name].extension)
    return zip_of((entry, render(item, name, options)) for entry, item in zip(names, files, strict=True))


def names(*sources: str, extension: str = ".srt") -> list[str]:
    return entry_names([record(source) for source in sources], extension)


@pytest.mark.parametrize("name", list(FORMATS))
def test_each_file_is_what_the_format_writes(name: str) -> None:
    files = [record("通话[1] (甲).mp3"), record("b.wav", "再见")]
    options = RenderOptions("plain", "en")
    with zipfile.ZipFile(io.BytesIO(bundled(files, name, options))) as archive:
        assert archive.testzip() is None
        extension = FORMATS[name].extension
        assert archive.namelist() == [f"通话[1] (甲){extension}", f"b{extension}"]
        for entry, transcript in zip(archive.namelist(), files, strict=True):
            assert archive.read(entry) == as_bytes(render(transcript, name, options))


def test_the_same_transcripts_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [record("a.mp3"), record("b.mp3")]
    first = bundled(files, "srt")
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert bundled(files, "srt") == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_no_two_files_share_a_name_in_any_letter_case() -> None:
    assert names("a.mp3", "a.wav", "x/A.MP3", "a (2).mp3") == [
        "a.srt",
        "a (2).srt",
        "A (3).srt",
        "a (2) (2).srt",
    ]


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\calls\\通话.mp3", "通话"),
        ("..", "transcript"),
        ("", "transcript"),
        ("a<b>:c?.mp3", "a_b__c_"),
        ("CON.mp3", "_CON"),
        ("con.x.mp3", "_con.x"),
        ("Console.mp3", "Console"),
        ("bad\ud800\nname.mp3", "bad_ name"),
        (" . .mp3", "transcript"),
        ("长" * 200 + ".mp3", "长" * (MAX_NAME_BYTES // 3)),
    ],
)
def test_names_are_safe_on_every_system(source: str, stem: str) -> None:
    assert names(source) == [f"{stem}.srt"]


def test_nothing_at_all_is_an_empty_zip() -> None:
    with zipfile.ZipFile(io.BytesIO(bundled([], "srt"))) as archive:
        assert archive.namelist() == []
