"""Speech for programs in OpenAI's convention, asked by their official client over a real connection."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.access.http import connections
from sensevoice.api import realtime_routes
from sensevoice.audio.downsample import Downsampler
from sensevoice.models.recognizer import FunasrRecognizer
from tests.conftest import SAMPLES
from tests.live.talk import PAGE, House, sound_of

SPEECH = np.frombuffer(sound_of(SAMPLES["customer_call"].path), "<i2").astype(np.float32)
PREFIX = "conversation.item.input_audio_transcription"


def at_24_khz(samples: np.ndarray) -> bytes:
    """Return 16 kHz as 24 kHz, int16."""
    places = np.arange(len(samples) * 3 // 2) / 1.5
    return np.interp(places, np.arange(len(samples)), samples).round().astype("<i2").tobytes()


SOUND = at_24_khz(np.concatenate([SPEECH, np.zeros(16_000, np.float32)]))
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used as a context manager")
"""websockets says so of how OpenAI's client uses it."""

PARTS = [base64.b64encode(SOUND[at : at + 9600]).decode() for at in range(0, len(SOUND), 9600)]
"""Of 200 ms."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, demo_recognizer: FunasrRecognizer) -> Iterator[House]:
    scheduler = demo_recognizer.scheduled()
    made = House(tmp_path_factory.mktemp("realtime") / "data", scheduler, at_once=2)
    made.app = Starlette(routes=list(realtime_routes(made.hub, scheduler, PAGE)))  # type: ignore[arg-type]
    yield made
    made.close()
    scheduler.close()


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[openai.OpenAI]:
    """The official client of a server that has our own connections, as the program has."""
    connections.install()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(house.app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with openai.OpenAI(base_url=address, api_key="none") as opened:
            yield opened
        server.should_exit = True
        thread.join()


def events(connection: Any, last: str, count: int = 1) -> list[Any]:
    """Return what comes up to the event of this type that is the last of so many."""
    found = []
    while count:
        event = connection.recv()
        assert event.type != "error", event
        found.append(event)
        count -= event.type == last
    return found


def test_turns_come_with_words_segments_and_an_end(client: openai.OpenAI) -> None:
    with client.realtime.connect(
        model="sensevoice-small", extra_query={"intent": "transcription"}
    ) as connection:
        assert events(connection, "session.created")[0].session.type == "transcription"
        detection = {"type": "server_vad", "silence_duration_ms": 300}
        audio = {"input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": detection}}
        audio["input"]["transcription"] = {"model": "gpt-4o-transcribe", "language": "zh"}
        connection.session.update(session={"type": "transcription", "audio": audio})  # type: ignore[typeddict-item]
        assert events(connection, "session.updated")[0].session.audio.input.transcription.language == "zh"
        for part in PARTS:
            connection.input_audio_buffer.append(audio=part)
        found = events(connection, f"{PREFIX}.completed", 5)
    kinds = [event.type for event in found]
    for kind in ("speech_started", "speech_stopped", "committed"):
        assert f"input_audio_buffer.{kind}" in kinds
    completed = [event for event in found if event.type == f"{PREFIX}.completed"]
    assert "第几天" in "".join(event.transcript for event in completed)
    for event in completed:
        deltas = [e.delta for e in found if e.type == f"{PREFIX}.delta" and e.item_id == event.item_id]
        if event.transcript.startswith("".join(deltas)):
            assert "".join(deltas) == event.transcript
    segments = [event for event in found if event.type == f"{PREFIX}.segment"]
    assert "ANGRY" in {segment.emotion for segment in segments}
    assert all(segment.start < segment.end for segment in segments)


def test_without_turn_detection_a_turn_is_what_is_committed(client: openai.OpenAI) -> None:
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        events(connection, "session.created")
        old = {"input_audio_format": "pcm16", "turn_detection": None}
        connection.send({"type": "transcription_session.update", "session": old})  # type: ignore[arg-type]
        assert events(connection, "session.updated")[0].session.audio.input.turn_detection is None
        for part in PARTS[:20]:
            connection.input_audio_buffer.append(audio=part)
        connection.input_audio_buffer.commit()
        found = events(connection, f"{PREFIX}.completed")
        assert found[0].type == "input_audio_buffer.committed"
        assert found[-1].transcript
        assert found[-1].usage.seconds == pytest.approx(4.0, abs=0.01)


UPDATE = '{"type": "session.update", "session": {%s}}'


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ("nonsense", None),
        ('{"type": "response.create"}', None),
        ('{"type": "input_audio_buffer.append", "audio": "§"}', None),
        ('{"type": "input_audio_buffer.append", "audio": "AAAA"}', None),
        ('{"type": "session.update", "session": 3}', None),
        ('{"type": "session.update", "session": {"input_audio_format": "g711_ulaw"}}', "format"),
        (UPDATE % '"audio": {"input": {"transcription": {"language": "xx"}}}', "language"),
        (UPDATE % '"turn_detection": {"silence_duration_ms": "x"}', "silence_duration_ms"),
    ],
)
def test_a_bad_event_costs_this_event_only(house: House, sent: str, param: str | None) -> None:
    with TestClient(house.app).websocket_connect("/v1/realtime?intent=transcription") as socket_:
        assert socket_.receive_json()["type"] == "session.created"
        socket_.send_text(sent)
        error = socket_.receive_json()["error"]
        assert (error["type"], error["param"]) == ("invalid_request_error", param)
        socket_.send_json({"type": "input_audio_buffer.clear"})
        assert socket_.receive_json()["type"] == "input_audio_buffer.cleared"


def test_too_many_who_speak_and_other_intents_are_refused(house: House) -> None:
    at = TestClient(house.app)
    with at.websocket_connect("/v1/realtime") as one, at.websocket_connect("/v1/realtime") as two:
        assert one.receive_json()["type"] == two.receive_json()["type"] == "session.created"
        with at.websocket_connect("/v1/realtime") as three:
            assert three.receive_json()["error"]["code"] == "live_busy"
    with at.websocket_connect("/v1/realtime?intent=conversation") as socket_:
        assert socket_.receive_json()["error"]["param"] == "intent"


def test_24_khz_becomes_16_khz_whatever_the_parts() -> None:
    time_s = np.arange(24_000) / 24_000
    sound = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    whole = Downsampler().push(sound)
    stream = Downsampler()
    parts = np.concatenate([stream.push(part) for part in np.split(sound, [1, 2, 700, 701, 5000, 5001])])
    assert len(whole) == len(parts)
    assert np.allclose(whole, parts, atol=1e-6)  # sums of other lengths are rounded otherwise
    expected = np.sin(2 * np.pi * 1000 * np.arange(len(whole)) / 16_000)
    assert len(whole) >= 15_940
    assert np.abs(whole - expected)[100:].max() < 2e-3
    high = np.sin(2 * np.pi * 10_000 * time_s).astype(np.float32)  # would be heard at 6 kHz
    assert np.abs(Downsampler().push(high))[100:].max() < 2e-3
