"""Our own sentences in traditional characters, by a table that is checked in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sensevoice.errors import NoAudioTrack
from sensevoice.ui.i18n import translate
from sensevoice.ui.traditional import TABLE, traditional
from tests.conftest import ROOT


def test_the_table_is_what_the_script_makes_of_the_texts_as_they_are() -> None:
    """After a change of a Chinese text: python scripts/traditional_texts.py"""
    pytest.importorskip("opencc")
    code = "import traditional_texts; print(traditional_texts.table(), end='')"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    assert ended.stdout == TABLE.read_text("utf-8")


@pytest.mark.parametrize(
    "sentence, expected",
    [
        ("质量", "品質"),
        (
            "音量很低：语音只有 -41 dBFS。建议先提高音量（增益）再识别。",
            "音量很低：語音只有 -41 dBFS。建議先提高音量（增益）再識別。",
        ),
        (NoAudioTrack(path="会议{x}.mp4").message("zh"), "“会议{x}.mp4”裡沒有音軌，請上傳有聲音的檔案。"),
        ("这句话不是我们的。", "这句话不是我们的。"),
        ("", ""),
    ],
)
def test_own_sentences_are_known_whatever_they_were_filled_with(sentence: str, expected: str) -> None:
    assert traditional(sentence) == expected


def test_a_text_is_converted_before_it_is_filled() -> None:
    assert translate("waiting", "zh-Hant", ahead=3) == "前面還有 3 個任務"
    assert translate("minutes", "zh-Hant", minutes=3, seconds=5) == "3 分 05 秒"
