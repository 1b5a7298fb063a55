"""The index on disk: changed row by row, made anew when it is damaged, and no other file is touched."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from sensevoice.errors import NotAnIndex
from sensevoice.search import database as module
from sensevoice.search.database import Database, is_index
from sensevoice.search.finding import find
from sensevoice.search.query import parse
from tests.search.test_finding import CALL, recording, row, texts_of


def lines(database: Database, line: str) -> list[str]:
    return texts_of(find(database, parse(line), ""))


def test_only_rows_that_changed_are_written_and_nothing_of_the_old_ones_is_found(tmp_path: Path) -> None:
    database = Database(tmp_path / "index")
    assert database.put(recording("a"), CALL)
    statements: list[str] = []
    writer = database._writer
    assert writer is not None
    writer.set_trace_callback(statements.append)
    changed = [replace(each, text="改为赔偿", emotion="SAD") if each.place == 1 else each for each in CALL]
    assert not database.put(replace(recording("a"), name="新名字"), changed)
    written = [each for each in statements if each.startswith("INSERT INTO rows")]
    assert len(written) == 1
    writer.set_trace_callback(None)
    assert lines(database, "赔偿 情绪:悲伤 文件:新名字") == ["改为赔偿"]
    assert lines(database, "第几天") == [] and lines(database, "情绪:愤怒") == ["退款测试 Refund test"]
    database.put(recording("a"), changed[:1])
    assert lines(database, "文件:a") == [CALL[0].text]
    database.remove("a")
    assert lines(database, "-没有") == [] and database.stamps() == {}
    assert database._writer is not None
    database._writer.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    database.close()


def test_it_is_there_at_the_next_start(tmp_path: Path) -> None:
    first = Database(tmp_path / "index")
    first.put(recording("a"), CALL)
    first.note("filled")
    first.close()
    second = Database(tmp_path / "index")
    assert second.stamps() == {"a": "stamp"} and second.has_been("filled") and not second.has_been("other")
    assert lines(second, "赔偿") == [] and lines(second, "谢谢") == ["好的，谢谢！"]
    second.close()
    reader = Database(tmp_path / "index", writable=False)
    assert lines(reader, "谢谢") == ["好的，谢谢！"]
    with pytest.raises(sqlite3.ProgrammingError):
        reader.put(recording("b"), [])
    reader.close()


@pytest.mark.parametrize("damage", ["no database", "cut off", "zeros", "version", "empty"])
def test_a_damaged_index_of_ours_is_made_anew(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "search.sqlite3"
    database = Database(path, ours=True)
    database.put(recording("a"), [row(place, f"第 {place} 句 {'字' * 90}") for place in range(400)])
    database.close()
    content = path.read_bytes()
    if damage == "no database":
        path.write_bytes(b"hello" * 1000)
    elif damage == "cut off":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "zeros":
        path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        monkeypatch.setattr(module, "VERSION", 2)
    again = Database(path, ours=True)
    assert again.stamps() == {}
    again.put(recording("b"), [row(0, "新的")])
    assert lines(again, "新的") == ["新的"]
    again.close()


def test_another_file_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    theirs = tmp_path / "notes.db"
    with sqlite3.connect(theirs) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    plain = tmp_path / "results.txt"
    plain.write_text("=== a ===\n")
    for path in (theirs, plain, tmp_path / "missing"):
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(NotAnIndex):
            Database(path, writable=False)
        if before is not None:
            with pytest.raises(NotAnIndex) as refused:
                Database(path)
            assert path.name in refused.value.message("zh") and path.name in refused.value.message("en")
            assert path.read_bytes() == before
    Database(tmp_path / "new").close()
    assert is_index(tmp_path / "new") and not is_index(theirs)


def test_a_reader_of_another_program_sees_what_is_written_meanwhile(tmp_path: Path) -> None:
    writer, reader = Database(tmp_path / "index"), None
    try:
        reader = Database(tmp_path / "index", writable=False)
        before = reader.state()
        writer.put(recording("a"), CALL)
        assert lines(reader, "谢谢") == ["好的，谢谢！"] and reader.state() != before
    finally:
        for each in (writer, reader):
            if each is not None:
                each.close()


def test_an_index_in_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    database = Database(folder / "index")
    database.put(recording("a"), CALL)
    database.close()
    assert sorted(path.name for path in folder.iterdir()) == ["index"], "nothing is left beside it"
    folder.chmod(0o500)
    try:
        reader = Database(folder / "index", writable=False)
        assert lines(reader, "谢谢") == ["好的，谢谢！"]
        reader.close()
    finally:
        folder.chmod(0o700)


def test_a_recording_of_no_time_and_one_of_any_text_are_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "index")
    odd = ["\x00\ud800退款", "İstanbul ß", "𠮷野家", "👩‍👩‍👧", "a" * 10_000, "‮abc", 'NEAR(a b) OR "c" *']
    database.put(recording("a", created_s=-5.0), [row(place, text) for place, text in enumerate(odd[1:])])
    for text in odd[1:5]:
        assert lines(database, f'"{text[:200]}"') == [text]
    assert lines(database, "near(a") == [odd[-1]] and lines(database, "*") == [odd[-1]]
    assert lines(database, "ISTANBUL") == [] and lines(database, "ss") == ["İstanbul ß"]
    database.close()
