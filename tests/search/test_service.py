"""The index follows the jobs, whatever happens to them or to it; rules count what a search finds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sensevoice.errors import BadQuery, BadRequest, NotAnIndex, RuleNotFound
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.editing.edits import Change
from sensevoice.options import Options
from sensevoice.search import RuleMatch, SearchService, follow
from sensevoice.search.files import FileIndex
from sensevoice.search.rules import MAX_RULES, Rules
from sensevoice.search.service import INDEX_NAME, RULES_NAME
from sensevoice.transcript import Segment, Span, Speaker, Transcript
from tests.media import tone, write_wav
from tests.ui.ui_script import CALL, MODEL, call_or_meeting, runner_of, speech

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "SETTLE_S", 0.01)
    monkeypatch.setattr(follow, "RETRY_S", 0.2)


class House:
    """Jobs and the search over them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.recording = write_wav(directory / "call.wav", tone(440, 4.0))
        self.meeting = write_wav(directory / "meeting.wav", tone(440, 1.0))
        self.runner: JobRunner = runner_of(call_or_meeting("call.wav"), directory)
        self.search = SearchService(self.runner.store)

    @property
    def index(self) -> Path:
        return self.directory / "data" / INDEX_NAME

    def job(self, owner: str = "", meeting: bool = False) -> Job:
        job = self.runner.submit(self.meeting if meeting else self.recording, Options(), owner)
        assert self.runner.wait_for_end(job.id, PATIENCE_S)
        self.settle()
        return self.runner.store.job(job.id, owner)

    def settle(self) -> None:
        assert self.search.wait(PATIENCE_S)

    def found(self, line: str, owner: str = "") -> list[str]:
        self.settle()
        return [f"{hit.recording.name} {hit.row.place}" for hit in self.search.find(owner, line).hits]

    def open_again(self, between: Callable[[], None] = lambda: None) -> None:
        self.runner.close()
        self.search.close()
        between()
        self.runner = runner_of(call_or_meeting("call.wav"), self.directory)
        self.search = SearchService(self.runner.store)

    def close(self) -> None:
        self.runner.close()
        self.search.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.close()


def test_a_job_is_found_when_it_has_ended_and_as_it_is_changed(house: House) -> None:
    job, store = house.job(), house.runner.store
    assert house.found("几天 情绪:愤怒") == ["call.wav 2"]
    assert house.found("声音:音乐") == ["call.wav 4"]
    store.change(job, [Change(replace(CALL[2], text="太慢了", emotion="SAD"), 2)])
    assert house.found("几天") == [] and house.found("太慢 情绪:悲伤") == ["call.wav 2"]
    store.undo(job)
    assert house.found("几天") == ["call.wav 2"]
    store.redo(job)
    assert house.found("几天") == []
    house.runner.rename(job, "周一.wav")
    assert house.found("太慢 文件:周一") == ["周一.wav 2"]
    house.runner.delete(job)
    assert house.found("太慢") == []


def test_people_are_found_by_the_names_that_they_have_now(house: House) -> None:
    rows = (speech(0, 900, "一", speaker="S1"), speech(1000, 1900, "二", speaker="S2"))
    job, store = house.job(), house.runner.store
    people = (Speaker("S1"), Speaker("S2"))
    store.finish(job, Transcript("call.wav", 2000, rows, model=MODEL, speakers=people))
    store.update(job)
    assert house.found("说话人:2") == ["call.wav 1"] and house.found("speaker:1") == ["call.wav 0"]
    store.change_people(job, lambda said: said.renamed("S2", "客户"))
    assert house.found("说话人:客户") == ["call.wav 1"] and house.found("说话人:2") == []
    store.change_people(job, lambda said: said.joined("S1", "S2"))
    assert house.found("说话人:客户") == ["call.wav 0", "call.wav 1"]


def test_two_owners_never_see_each_others_rows(house: House) -> None:
    house.job("ann")
    house.job("bert", meeting=True)
    for line in ("发货", "-没有", "longer:0", "文件:wav", "after:2000"):
        assert not [name for name in house.found(line, "bert") if "call" in name]
        assert not [name for name in house.found(line, "ann") if "meeting" in name]
        assert house.found(line, "") == house.found(line, "carl") == []
    house.search.rules.add("ann", "all", "-没有")
    assert house.search.counts("bert") == []
    assert house.search.progress("carl").total == 0


@pytest.mark.parametrize("loss", ["deleted", "damaged", "older", "of a recording less"])
def test_an_index_that_is_lost_is_made_again_from_the_folders(house: House, loss: str) -> None:
    kept, gone = house.job(), house.job(meeting=True)

    def lose() -> None:
        if loss == "deleted":
            house.index.unlink()
        elif loss == "damaged":
            house.index.write_bytes(b"\xff" * 9_000)
        elif loss == "older":
            with sqlite3.connect(house.index) as database:
                database.execute("PRAGMA user_version = 0")
            database.close()
        else:
            for each in (house.directory / "data" / "jobs" / gone.id).rglob("*"):
                if each.is_file():
                    each.unlink()

    matches: list[RuleMatch] = []
    house.search.rules.add("", "late", "发货")
    house.open_again(lose)
    house.search.on_match(matches.append)
    assert house.found("发货") == ["call.wav 1"]
    assert house.found("会议") == ([] if loss == "of a recording less" else ["meeting.wav 0"])
    assert house.search.progress("").complete
    assert matches == [], "they were there before"
    assert kept.id in house.search.count(house.search.rules.of("")[0]).recordings


def test_an_index_that_is_deleted_while_the_program_runs_is_made_again(house: House) -> None:
    house.job()
    house.index.unlink()
    deadline_s = time.monotonic() + PATIENCE_S
    while not house.index.exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    house.job(meeting=True)
    assert house.found("发货") == ["call.wav 1"] and house.found("会议") == ["meeting.wav 0"]


def test_what_is_damaged_under_a_running_program_is_found_out_by_who_searches(house: House) -> None:
    house.job()
    database = house.search._follower.database
    assert database is not None
    with house.search._follower._changed:  # so that it does not write meanwhile
        with sqlite3.connect(house.index) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute(
                "UPDATE found_data SET block = CAST(replace(hex(zeroblob(length(block))), '00', 'x') AS BLOB)"
            )
        other.close()
        assert house.search.find("", "发货").rows == 0
    deadline_s = time.monotonic() + PATIENCE_S
    while house.search.find("", "发货").rows == 0 and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert house.found("发货") == ["call.wav 1"]


def test_what_changed_while_nobody_followed_is_made_up_for(house: House) -> None:
    job = house.job()
    house.search.close()
    house.runner.store.change(job, [Change(replace(CALL[2], text="太慢了"), 2)])
    house.open_again()
    assert house.found("太慢") == ["call.wav 2"] and house.found("几天") == []


def test_a_fault_of_the_index_costs_no_job(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(transcript: Transcript) -> list[object]:
        raise RuntimeError("a fault")

    monkeypatch.setattr(follow, "rows_of", fails)
    job = house.job()
    assert job.state == "done" and house.found("发货") == []
    monkeypatch.undo()
    house.open_again()
    assert house.found("发货") == ["call.wav 1"]


def test_a_disk_that_refuses_is_asked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    real, refusals = follow.Database.put, [2]

    def put(self: follow.Database, *more: object) -> bool:
        if refusals[0]:
            refusals[0] -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return real(self, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(follow.Database, "put", put)
    assert house.job().state == "done" and house.found("发货") == ["call.wav 1"] and refusals == [0]


def test_rules_count_what_a_fresh_search_finds_now_and_in_what_comes(house: House) -> None:
    matches: list[RuleMatch] = []
    house.search.on_match(matches.append)
    first = house.job()
    lines = ["发货", "情绪:愤怒", "-发货", "声音:音乐", "今天", "date:today", "会议"]
    for line in lines:
        house.search.rules.add("", "", line)
    for _ in range(2):
        for each in house.search.counts(""):
            found = house.search.find("", each.rule.query, limit=200)
            assert each.rows == found.rows == sum(each.recordings.values())
            assert len(each.recordings) == found.recordings
        second = house.job(meeting=True)
    assert {(match.rule.query, match.job.id) for match in matches if match.job.id == second.id} <= {
        ("会议", second.id),
        ("-发货", second.id),
        ("date:today", second.id),
    }
    assert ("会议", second.id, 1) in {(match.rule.query, match.job.id, match.rows) for match in matches}
    assert not [match for match in matches if match.job.id == first.id], "it was there before its rules"
    told = len(matches)
    house.runner.store.change(second, [Change(replace(CALL[2], text="发货"), 0)])
    assert house.found("发货 文件:meeting") == ["meeting.wav 0"]
    assert len(matches) == told, "a correction is no new recording"


def test_what_a_callback_raises_costs_nothing(house: House) -> None:
    def fails(match: RuleMatch) -> None:
        raise RuntimeError("a fault")

    seen: list[str] = []
    house.search.on_match(fails)
    house.search.on_match(lambda match: seen.append(match.rule.name))
    house.search.rules.add("", "货", "发货")
    house.job()
    house.settle()
    assert seen == ["货"] and house.found("发货") == ["call.wav 1"]


def test_rules_are_kept_outside_the_index_for_their_owner_alone(tmp_path: Path) -> None:
    rules = Rules(tmp_path / RULES_NAME)
    rule = rules.add("ann", "  投诉\n 退款 ", " 退款 情绪:愤怒 ")
    assert (rule.name, rule.query) == ("投诉 退款", "退款 情绪:愤怒")
    assert rules.add("bert", "", "退款").name == "退款"
    again = Rules(tmp_path / RULES_NAME)
    assert again.of("ann") == [rule] and again.get("ann", rule.id) == rule
    for attempt in (again.get, again.remove):
        with pytest.raises(RuleNotFound):
            attempt("bert", rule.id)
    with pytest.raises(RuleNotFound):
        again.change("", rule.id, "x")
    assert again.change("ann", rule.id, name="新").name == "新"
    assert again.change("ann", rule.id, line="赔偿").query == "赔偿"
    with pytest.raises(BadQuery):
        again.add("ann", "x", "情绪:饿")
    with pytest.raises(BadQuery):
        again.change("ann", rule.id, line="")
    again.remove("ann", rule.id)
    assert Rules(tmp_path / RULES_NAME).of("ann") == []
    for _ in range(MAX_RULES):
        again.add("ann", "", "退款")
    with pytest.raises(BadRequest):
        again.add("ann", "", "退款")


def test_a_file_of_rules_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / RULES_NAME
    path.write_text('{"rules": [{"id": 1}]}')
    rules = Rules(path)
    assert rules.of("") == []
    rules.add("", "", "退款")
    assert (tmp_path / f"{RULES_NAME}.damaged").read_text() == '{"rules": [{"id": 1}]}'
    assert len(Rules(path).of("")) == 1


def test_a_page_on_the_index_of_a_folder_searches_both(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.close()
    night = tmp_path / "night.db"
    record = Transcript("a", 5000, (Segment("speech", Span(0, 900), "没有发货", language="zh"),))
    written = FileIndex(night)
    written.add(house.recording, "calls/call.wav", record, house.recording.stat(), "settings")
    written.close()
    house.runner = runner_of(call_or_meeting("call.wav"), tmp_path)
    house.search = SearchService(house.runner.store, night)
    try:
        house.job("ann")
        assert house.found("发货", "ann") == ["call.wav 1", "calls/call.wav 0"]
        own, other = house.search.find("ann", "发货").hits
        assert own.recording.path == "" and other.recording.path == str(house.recording.resolve())
        assert [hit.recording.name for hit in house.search.find("ann", "发货", "score").hits] == [
            "calls/call.wav",
            "call.wav",
        ]
        assert house.search.find("ann", "发货", limit=1, offset=1).hits[0].recording == other.recording
        assert house.found("发货", "bert") == ["calls/call.wav 0"], "the folder's belongs to all"
        rule = house.search.rules.add("ann", "", "发货")
        assert house.search.count(rule).rows == house.search.find("ann", "发货").rows == 2
        assert house.search.shared
    finally:
        house.close()


def test_a_file_that_is_no_index_is_told_before_anything_begins(house: House) -> None:
    with pytest.raises(NotAnIndex):
        SearchService(house.runner.store, house.recording)
