"""`sensevoice search`, on what a page has kept and on what the folder script has written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sensevoice.cli.search import main
from sensevoice.search.database import Database
from sensevoice.search.service import INDEX_NAME
from tests.search.test_finding import CALL, recording


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    database = Database(tmp_path / INDEX_NAME)
    database.put(recording("job1", name="周一.wav"), CALL)
    database.put(recording("job2", "ann", name="她的.wav"), CALL[:2])
    database.close()
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments], "sensevoice search")


def test_rows_stand_below_their_recordings(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("退款", "情绪:愤怒", "-测试", "--data-dir", data_dir) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("周一.wav  (20") and lines[0].endswith("?job=job1)")
    assert lines[1:] == ["  0:01  客户  我要退款，这都第几天了！  [愤怒]", "1-1 / 1 行，1 个录音"]
    assert run("refund", "--labels", "en", "--data-dir", data_dir) == 0
    assert "rows: 1, recordings: 1" in capsys.readouterr().out
    assert run("-退款", "--data-dir", data_dir, "--limit", 1, "--offset", 1) == 0
    assert "[笑声] [背景音乐]" in capsys.readouterr().out


def test_json_and_whose(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("退款", "--json", "--user", "ann", "--data-dir", data_dir) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rows"] == 1 and answer["hits"][0]["job"] == "job2"
    assert answer["hits"][0]["before"]["text"] == CALL[0].text
    assert run("退款", "--user", "carl", "--data-dir", data_dir) == 1
    assert "0 行" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["情绪:饿"], "可用：开心"),
        ([], "请输入"),
        (["退款", "--limit", "0"], "limit"),
        (["退款", "--index", "missing.db"], "没有搜索索引 missing.db"),
        (["退款", "--index", __file__], "不是本版本的搜索索引"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    data_dir: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, "--data-dir", data_dir) == 2
    assert sentence in capsys.readouterr().err


def test_an_option_that_is_none_is_told(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("退款", "--oder", "score", "--data-dir", data_dir)
    assert ended.value.code == 2 and "--oder" in capsys.readouterr().err
