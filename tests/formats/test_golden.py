"""Every format of one small transcript, compared with files that people can read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sensevoice.formats import FORMATS, VIEWS, RenderOptions, from_dict, render

GOLDEN = Path(__file__).parents[1] / "golden"


def read(name: str) -> str:
    return GOLDEN.joinpath(name).read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("talk_show.json", RenderOptions()),
        ("talk_show.srt", RenderOptions()),
        ("talk_show.en.vtt", RenderOptions(locale="en")),
        ("talk_show.tagged.zh.txt", RenderOptions()),
        ("talk_show.tagged.en.txt", RenderOptions(locale="en")),
        ("talk_show.timed.zh.txt", RenderOptions("timed")),
        ("talk_show.plain.txt", RenderOptions("plain")),
        ("talk_show.ass", RenderOptions()),
        ("talk_show.lrc", RenderOptions()),
        ("talk_show.csv", RenderOptions()),
        ("talk_show.edl", RenderOptions()),
        ("talk_show.captions.en.srt", RenderOptions(locale="en", captions=True)),
    ],
)
def test_golden(file: str, options: RenderOptions) -> None:
    record = from_dict(json.loads(read("talk_show.json")))
    assert render(record, file.rsplit(".")[-1], options) == read(file)


def test_the_table_names_every_format_for_both_readers() -> None:
    assert list(FORMATS) == [
        "txt",
        "srt",
        "vtt",
        "json",
        "ass",
        "lrc",
        "jsonl",
        "csv",
        "tsv",
        "docx",
        "xlsx",
        "markdown",
        "textgrid",
        "audacity",
        "highlights_csv",
        "highlights_labels",
        "edl",
        "markers_edl",
        "markers_xml",
    ]
    named_otherwise = {
        "markdown": ".md",
        "textgrid": ".TextGrid",
        "audacity": ".labels.txt",
        "highlights_csv": ".highlights.csv",
        "highlights_labels": ".highlights.txt",
        "markers_edl": ".markers.edl",
        "markers_xml": ".markers.xml",
    }
    for name, row in FORMATS.items():
        assert (row.name, row.extension) == (name, named_otherwise.get(name, f".{name}"))
        assert "/" in row.mime_type and row.zh and row.en
    assert VIEWS == ("tagged", "emoji", "plain", "timed", "raw", "markdown")


def test_no_two_formats_of_one_recording_share_a_name() -> None:
    assert len({row.extension.lower() for row in FORMATS.values()}) == len(FORMATS)


def test_importing_the_formats_loads_no_model_and_no_page() -> None:
    code = "import sys, sensevoice.formats; print({'torch', 'funasr', 'gradio'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
