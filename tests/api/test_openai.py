"""OpenAI's own client, and plain HTTP, against the program with the bundled model."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import srt
import webvtt

from sensevoice.errors import SenseVoiceError
from tests.browser.program import Program
from tests.conftest import SAMPLES

pytestmark = pytest.mark.slow

CALL, PODCAST = SAMPLES["customer_call"], SAMPLES["podcast"]
SAID = "".join(utterance.text for utterance in CALL.utterances)
CLIENT_DEADLINE_S = 120.0


@pytest.fixture(scope="module")
def client(program: Program) -> Iterator[openai.OpenAI]:
    with client_of(program, "ann:secret") as opened:
        yield opened


def client_of(program: Program, key: str) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{program.address}/v1", api_key=key, max_retries=0, timeout=CLIENT_DEADLINE_S
    )


def ask(client: openai.OpenAI, path: Path = CALL.path, **more: Any) -> Any:
    with path.open("rb") as file:
        return client.audio.transcriptions.create(file=file, model="whisper-1", **more)


def test_the_default_is_json(client: openai.OpenAI) -> None:
    result = ask(client)
    assert result.text == SAID
    assert result.usage.type == "duration" and result.usage.seconds > 0


def test_plain_bodies(client: openai.OpenAI) -> None:
    assert ask(client, response_format="text") == SAID + "\n"
    texts = [utterance.text for utterance in CALL.utterances]
    assert (
        "".join(cue.content for cue in srt.parse(ask(client, response_format="srt"))).replace("\n", "")
        == SAID
    )
    cues = webvtt.from_string(ask(client, response_format="vtt"))
    assert len(cues) >= len(texts) and "".join(cue.text for cue in cues).replace("\n", "") == SAID


def test_verbose_json_has_their_fields_and_ours(client: openai.OpenAI) -> None:
    result = ask(client, response_format="verbose_json", timestamp_granularities=["segment", "word"])
    assert result.language == "chinese" and result.duration > 10 and result.text == SAID
    for number, (segment, said) in enumerate(zip(result.segments, CALL.utterances, strict=True)):
        required = openai.types.audio.TranscriptionSegment.model_fields
        assert {name for name in required if getattr(segment, name) is None} == set()
        assert segment.id == number and segment.text == said.text
        assert abs(segment.start * 1000 - said.start_ms) < 300
        assert segment.seek == round(segment.start * 1000) // 10 and segment.compression_ratio > 0
    angry = [segment.text for segment in result.segments if segment.emotion == "ANGRY"]
    assert "这都第几天了？" in angry
    assert all(segment.language == "zh" and segment.scores for segment in result.segments)
    assert "".join(word.word for word in result.words) == SAID
    assert all(word.start < word.end for word in result.words)


def test_sounds_stand_beside_the_segments(client: openai.OpenAI) -> None:
    show = ask(client, SAMPLES["talk_show"].path, response_format="verbose_json")
    assert all(segment.text for segment in show.segments)
    assert {name for sound in show.sounds for name in sound["events"]} >= {"Applause"}
    assert not show.words


def test_diarized_json(client: openai.OpenAI) -> None:
    result = ask(client, response_format="diarized_json")
    assert [segment.text for segment in result.segments] == [said.text for said in CALL.utterances]
    assert all(segment.speaker and segment.type == "transcript.text.segment" for segment in result.segments)


def test_a_stream_gives_the_rows_as_they_are_recognised(client: openai.OpenAI) -> None:
    events = list(ask(client, stream=True))
    done = events[-1]
    assert done.type == "transcript.text.done" and done.text == SAID
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == SAID
    rows = [event for event in events if event.type == "transcript.text.segment"]
    assert [row.text for row in rows] == [said.text for said in CALL.utterances]
    assert "ANGRY" in {row.emotion for row in rows}


def test_a_language_that_is_known_and_those_that_can_occur(client: openai.OpenAI) -> None:
    first = PODCAST.utterances[0].text
    assert first in ask(client, PODCAST.path, extra_body={"languages": ["zh", "en", "ja"]}).text
    for language in ("zh", "zh-CN", "chinese"):
        assert ask(client, language=language).text == SAID


def test_the_fields_may_be_named_without_brackets(program: Program) -> None:
    answer = post(program, {"response_format": "verbose_json", "timestamp_granularities": "word"})
    assert "words" in answer.json() and "segments" not in answer.json()


def post(
    program: Program, fields: dict[str, str], path: Path = CALL.path, key: str = "ann:secret"
) -> httpx.Response:
    with path.open("rb") as file:
        return httpx.post(
            f"{program.address}/v1/audio/transcriptions",
            data={"model": "any", **fields},
            files={"file": (path.name, file)},
            headers={"Authorization": f"Bearer {key}"},
            timeout=CLIENT_DEADLINE_S,
        )


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"language": "fr"}, "language"),
        ({"response_format": "yaml"}, "response_format"),
        ({"timestamp_granularities[]": "line"}, "timestamp_granularities"),
        ({"stream": "maybe"}, "stream"),
    ],
)
def test_wrong_fields(program: Program, fields: dict[str, str], param: str) -> None:
    answer = post(program, fields)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == param and error["type"] == "invalid_request_error" and error["message"]


def test_errors_are_those_of_the_client(client: openai.OpenAI, program: Program, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all" * 100)
    with pytest.raises(openai.UnprocessableEntityError, match=r"broken\.wav") as refused:
        ask(client, broken)
    assert refused.value.code == "not_media"
    events = list(map(json.loads, sse(post(program, {"stream": "true"}, broken).text)))
    assert [event["error"]["code"] for event in events] == ["not_media"]
    for key in ("sk-anything", "ann:wrong", "nobody:secret"):
        with client_of(program, key) as stranger, pytest.raises(openai.AuthenticationError):
            ask(stranger)
    nothing = httpx.post(
        f"{program.address}/v1/audio/transcriptions", headers={"Authorization": "Bearer ann:secret"}
    )
    assert nothing.status_code == 400 and nothing.json()["error"]["param"] == "file"


def sse(text: str) -> Iterator[str]:
    return (line.removeprefix("data: ") for line in text.splitlines() if line)


def test_models(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id).id == model.id == "sensevoice-small"


def test_nothing_of_it_is_kept(client: openai.OpenAI, program: Program) -> None:
    assert ask(client).text == SAID
    jobs = httpx.get(f"{program.address}/sv/jobs", headers={"Authorization": "Bearer ann:secret"}).json()
    assert jobs["jobs"] == []
    folders = [each for each in (program.directory / "data" / "jobs").iterdir() if each.is_dir()]
    assert folders == []


def test_a_client_that_leaves_ends_its_job(program: Program, tmp_path: Path) -> None:
    def leave() -> None:
        with pytest.raises(httpx.ReadTimeout), CALL.path.open("rb") as file:
            httpx.post(
                f"{program.address}/v1/audio/transcriptions",
                files={"file": ("call.ogg", file)},
                headers={"Authorization": "Bearer ann:secret"},
                timeout=httpx.Timeout(30, read=0.05),
            )

    leaving = threading.Thread(target=leave)
    leaving.start()
    leaving.join(30)
    folder = program.directory / "data" / "jobs"
    deadline_s = time.monotonic() + 30
    while any(folder.iterdir()) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not any(folder.iterdir())


def test_every_error_has_a_shape_of_theirs() -> None:
    from sensevoice.access.pages import openai_error

    for kind in SenseVoiceError.__subclasses__():
        shape = openai_error(kind.http_status, kind.code, "…")
        assert set(shape) == {"message", "type", "param", "code"}
