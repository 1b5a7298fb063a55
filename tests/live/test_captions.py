"""Captions for a room: whoever has the link reads along, and no more than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from sensevoice.access import AccessMiddleware, AccessPolicy
from tests.conftest import SAMPLES
from tests.live.talk import House, Talker, frames_of, sound_of

FRAMES = frames_of(sound_of(SAMPLES["customer_call"].path))

ELSEWHERE = ("192.0.2.7", 5000)
"""A visitor who comes neither from this machine nor with its token."""


@pytest.fixture
def house(tmp_path: Path, scheduled: Any) -> Iterator[House]:
    made = House(tmp_path / "data", scheduled)
    yield made
    made.close()


def guarded(house: House, tmp_path: Path) -> TestClient:
    """Return a client that comes from elsewhere, in front of which the access policy stands."""
    policy = AccessPolicy(max_upload_mb=10, readers=house.hub.is_reader)
    app = AccessMiddleware(house.app, policy, tmp_path, 0)
    return TestClient(app, base_url="http://sensevoice.example", client=ELSEWHERE)


def link(talker: Talker) -> str:
    talker.socket.send_json({"type": "captions", "on": True})
    return str(talker.until("captions")["token"])


def test_a_room_reads_along_with_the_link_alone(house: House, tmp_path: Path) -> None:
    room = guarded(house, tmp_path)
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        token = link(talker)
        page = room.get(f"/captions?captions={token}", headers={"accept": "text/html"})
        assert page.status_code == 200
        for name in ("captions.js", "captions.css"):
            assert f"captions/{name}?captions={token}" in page.text
            assert room.get(f"/captions/{name}?captions={token}").status_code == 200
        with room.websocket_connect(f"/captions/live?captions={token}") as captions:
            assert captions.receive_json()["labels"]["zh"]["ANGRY"] == "愤怒"
            reader = Talker(captions)
            talker.send_all(FRAMES)
            reader.hear_all(len(FRAMES) * 100)
            assert any("发货" in row["text"] for row in reader.rows)
            captions.send_json({"type": "stop", "frames": 0})  # nobody listens to a reader
            talker.send_all(FRAMES * 2, len(FRAMES))
            reader.hear_all(2 * len(FRAMES) * 100)


def test_the_link_opens_nothing_else_and_can_be_taken_back(house: House, tmp_path: Path) -> None:
    room = guarded(house, tmp_path)
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        token = link(talker)
        for route in ("/", "/sv/jobs", f"/sv/jobs/{talker.session}"):
            assert room.get(f"{route}?captions={token}").status_code == 401
        with pytest.raises(WebSocketDenialResponse) as denied:
            room.websocket_connect(f"/live?captions={token}").__enter__()
        assert denied.value.status_code == 401
        with room.websocket_connect(f"/captions/live?captions={token}") as captions:
            assert captions.receive_json()["type"] == "labels"
            socket.send_json({"type": "captions", "on": False})
            assert talker.until("captions")["token"] is None
            talker.send(0, FRAMES[0])
            assert Talker(captions).until("error")["code"] == "captions_ended"
        assert room.get(f"/captions?captions={token}").status_code == 401
        ended = house.client().get(f"/captions?captions={token}", headers={"accept": "text/html"})
        assert ended.status_code == 410
        assert "字幕已经结束" in ended.text
        assert link(talker) != token


def test_the_link_is_the_same_in_the_next_process_until_it_is_taken_back(
    tmp_path: Path, scheduled: Any
) -> None:
    house = House(tmp_path / "data", scheduled)
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        talker.send(0, FRAMES[0])
        token, job = link(talker), talker.session
        talker.send(1, FRAMES[1])
        kept = house.runner.store.folder(job).captions
        assert kept.stat().st_mode & 0o777 == 0o600
    house.close()
    again = House(tmp_path / "data", scheduled)
    try:
        with again.client().websocket_connect(f"/captions/live?captions={token}") as captions:
            assert captions.receive_json()["type"] == "labels"
            with again.client().websocket_connect("/live") as socket:
                talker = Talker(socket).resume(job)
                assert link(talker) == token
                socket.send_json({"type": "captions", "on": False})
                assert talker.until("captions")["token"] is None
                assert Talker(captions).until("error")["code"] == "captions_ended"
                assert not kept.exists()
    finally:
        again.close()


def test_the_link_ends_with_the_recording(house: House) -> None:
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start()
        token = link(talker)
        with house.client().websocket_connect(f"/captions/live?captions={token}") as captions:
            talker.send(0, FRAMES[0])
            talker.stop(1)
            assert Talker(captions).until("error")["code"] == "captions_ended"
    with house.client().websocket_connect(f"/captions/live?captions={token}") as captions:
        assert captions.receive_json()["code"] == "captions_ended"
