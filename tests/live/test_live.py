"""A recording that is made over the socket: nothing of it is lost, and it ends as if it had been uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sensevoice.access import AccessMiddleware, AccessPolicy, Accounts, Login
from sensevoice.formats import to_dict
from tests.conftest import SAMPLES
from tests.live.talk import House, Talker, frames_of, sound_of, tail_of

SOUND = sound_of(SAMPLES["customer_call"].path)
FRAMES = frames_of(SOUND)


@pytest.fixture
def house(tmp_path: Path, scheduled: Any) -> Iterator[House]:
    made = House(tmp_path / "data", scheduled)
    yield made
    made.close()


def essence(transcript: Any) -> Any:
    """Return a record as JSON, without what only names its file."""
    return to_dict(replace(transcript, source=""))


def test_the_record_is_that_of_the_same_sound_uploaded(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(FRAMES)
        ended = talker.stop(len(FRAMES), tail_of(SOUND))
    live = house.record(ended["job"])
    recording = house.runner.store.folder(ended["job"]).source
    assert recording.read_bytes()[44:] == SOUND
    assert {path.name for path in recording.parents[1].iterdir()} >= {"record.json", "source"}
    assert not (recording.parents[1] / "live.jsonl").exists()
    options = house.runner.store.job(ended["job"]).options
    uploaded = house.record(house.runner.submit(recording, options).id)
    assert essence(live) == essence(uploaded)
    assert live.segments


def test_rows_come_while_somebody_speaks_and_committed_words_stay(tmp_path: Path, scheduled: Any) -> None:
    house = House(tmp_path / "data", scheduled, pass_every_s=0.0)
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        for number, frame in enumerate(FRAMES):
            talker.send(number, frame)
            if number % 5 == 4:  # as slowly as it is recognised, so that there is time for passes
                talker.hear_all((number + 1) * 100)
        job = talker.session
        rows = list(talker.rows)
        talker.stop(len(FRAMES))
    recorded = house.record(job)
    house.close()
    said = "".join(row["text"] for row in rows)
    recognised = "".join(row.text for row in recorded.segments)
    assert len(said) > len(recognised) / 2
    assert {row["emotion"] for row in rows} & {row.emotion for row in recorded.segments} - {"NEUTRAL", ""}
    assert talker.growing
    starts = {each["start_ms"] for each in talker.growing}
    for start_ms in starts:  # of one piece of speech, words are only added
        committed = [each["committed"] for each in talker.growing if each["start_ms"] == start_ms]
        for before, after in pairwise(committed):
            assert after.startswith(before)
    assert any(each["committed"] for each in talker.growing)


def test_frames_that_come_twice_late_or_not_at_all(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        for number in (0, 1, 1, 0, 2):  # twice, and late
            talker.send(number, FRAMES[number])
        talker.send(5, FRAMES[5])  # 3 and 4 are missing
        assert talker.until("resend")["next"] == 3
        talker.send_all(FRAMES[:10], 3)
        assert talker.stop(12)["type"] == "resend"  # it lacks two
        talker.send_all(FRAMES[:12], 10)
        ended = talker.stop(12)
    source = house.runner.store.folder(ended["job"]).source
    assert source.read_bytes()[44:] == b"".join(FRAMES[:12])


def test_what_the_browser_no_longer_has_becomes_silence(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(FRAMES[:5])
        socket.send_json({"type": "lost", "first": 5, "end": 8})
        talker.send_all(FRAMES[:10], 8)
        ended = talker.stop(10)
    sound = house.runner.store.folder(ended["job"]).source.read_bytes()[44:]
    assert sound == b"".join([*FRAMES[:5], bytes(3 * 3200), *FRAMES[8:10]])


def test_a_broken_connection_goes_on_where_the_server_is(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(FRAMES[:30])
        session = talker.session
        talker.hear_all(3000)
    assert house.runner.store.job(session).state == "live"
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).resume(session)
        assert talker.next == 30
        talker.send_all(FRAMES[:60], 25)
        ended = talker.stop(60)
    assert ended["job"] == session
    with house.client().websocket_connect("/live") as socket:  # who did not hear that it has ended
        socket.send_json({"type": "resume", "session": session})
        assert socket.receive_json() == {"type": "ended", "job": session}
    source = house.runner.store.folder(session).source
    assert source.read_bytes()[44:] == b"".join(FRAMES[:60])


def test_a_new_connection_takes_the_recording_over(house: House) -> None:
    client = house.client()
    with client.websocket_connect("/live") as first:
        session = Talker(first).start().session
        with client.websocket_connect("/live") as second:
            talker = Talker(second).resume(session)
            with pytest.raises(WebSocketDisconnect) as closed:
                while True:
                    first.receive_json()
            assert closed.value.code == 4001
            talker.send(0, FRAMES[0])
            assert talker.stop(1)["job"] == session


def test_a_process_that_was_killed_leaves_a_recording_that_goes_on(tmp_path: Path, scheduled: Any) -> None:
    house, long = House(tmp_path / "data", scheduled), FRAMES * 3
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(long)
        talker.hear_all(len(long) * 100)
        session, settled = talker.session, talker.rows[: talker.settled]
    assert settled
    house.close()
    again = House(tmp_path / "data", scheduled)
    try:
        with again.client().websocket_connect("/live") as socket:
            talker = Talker(socket).resume(session)
            assert talker.next == len(long)
            talker.hear_all(len(long) * 100)
            assert talker.rows[: len(settled)] == settled
            ended = talker.stop(len(long))
        assert again.record(ended["job"]).duration_ms == len(long) * 100
    finally:
        again.close()


def test_whoever_does_not_come_back_is_recognised_after_a_while(tmp_path: Path, scheduled: Any) -> None:
    now_s = 1000.0
    house = House(tmp_path / "data", scheduled, clock=lambda: now_s)
    try:
        with house.client().websocket_connect("/live") as socket:
            talker = Talker(socket).start()
            talker.send_all(FRAMES[:20])
            talker.hear_all(2000)
        house.hub.sweep()
        assert house.runner.store.job(talker.session).state == "live"
        now_s += 601.0
        house.hub.sweep()
        assert house.record(talker.session).duration_ms == 2000
    finally:
        house.close()


def test_more_than_the_machine_holds_are_refused_with_a_sentence(tmp_path: Path, scheduled: Any) -> None:
    house = House(tmp_path / "data", scheduled, at_once=2)
    try:
        client = house.client()
        with client.websocket_connect("/live") as one, client.websocket_connect("/live") as two:
            Talker(one).start()
            Talker(two).start()
            with client.websocket_connect("/live") as three:
                three.send_json({"type": "start"})
                refused = three.receive_json()
                assert (refused["code"], refused["fatal"]) == ("live_busy", True)
                assert "2 路" in refused["zh"]
                assert "2 live" in refused["en"]
    finally:
        house.close()


def test_a_recording_is_gone_on_with_by_its_own_login_alone(house: House) -> None:
    with house.client("ann").websocket_connect("/live") as socket:
        session = Talker(socket).start().session
        with house.client("bob").websocket_connect("/live") as other:
            other.send_json({"type": "resume", "session": session})
            assert other.receive_json()["code"] == "job_not_found"
        assert house.runner.store.job(session, "ann").owner == "ann"
        with house.client("ann").websocket_connect("/live") as second:
            Talker(second).start()
            with house.client("ann").websocket_connect("/live") as third:
                third.send_json({"type": "start"})
                assert third.receive_json()["code"] == "live_busy"


def test_whoever_logs_out_is_told_and_keeps_the_recording_as_a_job(house: House, tmp_path: Path) -> None:
    login = Login(Accounts(["ann:secret"]), "sensevoice-session")
    policy = AccessPolicy(max_upload_mb=10, login=True)
    app = AccessMiddleware(house.app, policy, tmp_path, 0, login)
    client = TestClient(app, base_url="http://127.0.0.1:6006", client=("127.0.0.1", 5000))
    assert client.post("/login", data={"username": "ann", "password": "secret"}).status_code == 200
    with client.websocket_connect("ws://127.0.0.1:6006/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(FRAMES[:20])
        talker.hear_all(2000)
        assert client.post("/logout").status_code == 200
        told = talker.until("error")
        assert (told["code"], told["fatal"]) == ("live_logged_out", True)
        assert "任务" in told["zh"]
    assert house.runner.wait_for_end(talker.session, 120)
    assert house.runner.store.job(talker.session, "ann").duration_ms == 2000


@pytest.mark.parametrize(
    "first",
    [
        "nonsense",
        "[]",
        '{"type": "go"}',
        '{"type": "start", "options": 3}',
        '{"type": "start", "options": {"language": "xx"}}',
        '{"type": "start", "options": {"among": 1}}',
        '{"type": "start", "name": 3}',
        '{"type": "resume", "session": "../../x"}',
    ],
)
def test_a_bad_beginning_ends_in_a_sentence(house: House, first: str) -> None:
    with house.client().websocket_connect("/live") as socket:
        socket.send_text(first)
        refused = socket.receive_json()
        assert refused["type"] == "error"
        assert refused["zh"]
        assert refused["en"]
    assert house.runner.store.jobs() == []


@pytest.mark.parametrize(
    "message",
    [
        b"\0\0\0\0" + bytes(100),
        b"\0",
        '{"type": "stop", "frames": -1}',
        '{"type": "stop", "frames": 0, "tail": "§"}',
        '{"type": "stop", "frames": 0, "tail": "AAAA"}',
        '{"type": "x"}',
    ],
)
def test_a_bad_message_costs_the_connection_and_not_the_recording(house: House, message: Any) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send(0, FRAMES[0])
        socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message)
        assert talker.until("error")["code"] == "bad_request"
    with house.client().websocket_connect("/live") as socket:
        assert Talker(socket).resume(talker.session).next == 1


def test_a_recording_without_sound_leaves_nothing(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        assert talker.stop(0) == {"type": "ended", "job": None}
    assert house.runner.store.jobs() == []


def test_a_live_recording_is_among_the_jobs_and_can_be_ended_and_deleted_there(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send_all(FRAMES[:20])
        talker.hear_all(2000)
        job = house.runner.store.job(talker.session)
        active = house.runner.live(job.id)
        assert (job.name, active.job.state) == ("会议.wav", "live")
        house.runner.cancel(job)
        assert talker.until("ended")["job"] == job.id
    assert house.record(job.id).duration_ms == 2000
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send(0, FRAMES[0])
        house.runner.delete(house.runner.store.job(talker.session))
        assert talker.until("error")["code"] == "live_deleted"
    assert talker.session not in {each.id for each in house.runner.store.jobs()}


def test_a_full_disk_costs_no_sound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        recording = house.hub.resume(talker.session)._recording
        whole = type(recording).append

        def full(self: Any, data: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(type(recording), "append", full)
        talker.send(0, FRAMES[0])
        told = talker.until("error")
        assert (told["code"], told["fatal"]) == ("live_disk_full", False)
        assert talker.until("resend")["next"] == 0
        monkeypatch.setattr(type(recording), "append", whole)
        talker.send(0, FRAMES[0])
        assert talker.stop(1)["job"] == talker.session
