"""The endpoint's logic over a scripted model: shapes, errors, streams, and what becomes of the jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sensevoice.errors import NotMedia
from sensevoice.transcript import Transcript
from tests.api.site import Site
from tests.ui.ui_script import CALL, Script, call

SPOKEN = [segment for segment in CALL if segment.kind == "speech" and segment.text]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(Script(call()), tmp_path)
    yield opened
    opened.runner.close()


def test_each_format(site: Site) -> None:
    text = site.transcribe().json()["text"]
    assert all(segment.text in text for segment in SPOKEN)
    assert site.transcribe(response_format="text").text == text + "\n"
    verbose = site.transcribe(
        response_format="verbose_json", **{"timestamp_granularities[]": "segment"}
    ).json()
    assert [each["text"] for each in verbose["segments"]] == [segment.text for segment in SPOKEN]
    assert [each["emotion"] for each in verbose["segments"]] == [segment.emotion for segment in SPOKEN]
    diarized = site.transcribe(response_format="diarized_json").json()
    assert [each["id"] for each in diarized["segments"]] == [f"seg_{n}" for n in range(len(SPOKEN))]
    assert site.transcribe(response_format="srt").text.startswith("1\n")
    assert site.transcribe(response_format="vtt").headers["content-type"].startswith("text/vtt")
    assert (
        site.transcribe(response_format="verbose_json", timestamp_granularities="word").json()["words"]
        is not None
    )


def test_a_stream(site: Site) -> None:
    lines = site.transcribe(stream="true").text.split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    assert events[-1]["type"] == "transcript.text.done"
    deltas = [each["delta"] for each in events if each["type"] == "transcript.text.delta"]
    assert "".join(deltas) == events[-1]["text"]


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_recording_that_fails(tmp_path: Path, stream: str) -> None:
    site = Site(Script([NotMedia(path="call.wav")]), tmp_path)
    answer = site.transcribe(stream=stream)
    error = json.loads(answer.text.removeprefix("data: "))["error"]
    assert error["code"] == "not_media" and "call.wav" in error["message"]
    site.runner.close()


def test_what_is_partial_says_so_in_every_format(tmp_path: Path) -> None:
    *rows, last = call()
    assert isinstance(last, Transcript)
    site = Site(Script([*rows, replace(last, complete_until_ms=9_000)]), tmp_path)
    for name in ("json", "verbose_json", "diarized_json"):
        assert site.transcribe(response_format=name).json()["complete_until"] == 9.0
    for name in ("text", "srt", "vtt"):
        assert "未完成" in site.transcribe(response_format=name).text
    site.runner.close()


@pytest.mark.parametrize(
    ("fields", "hotwords"),
    [
        ({"keywords[]": ["李清照", "K8s|kubernetes :2"]}, ("李清照", "K8s|kubernetes :2")),
        ({"keywords": "李清照, PyTorch"}, ("李清照", "PyTorch")),
        (
            {"prompt": "李清照、PyTorch，\n通义千问；Windows 11."},
            ("李清照", "PyTorch", "通义千问", "Windows 11"),
        ),
        ({"prompt": "The following is a talk about new models, PyTorch"}, ("PyTorch",)),
        ({"prompt": "以下是关于人工智能与大模型的普通话讲座，李清照"}, ("李清照",)),
        ({"prompt": "…, a|b|c", "keywords": "李清照"}, ("李清照",)),
        ({}, ()),
    ],
)
def test_keywords_and_the_terms_of_a_prompt_are_a_vocabulary(
    site: Site, fields: dict[str, Any], hotwords: tuple[str, ...]
) -> None:
    assert site.transcribe(**fields).status_code == 200
    assert site.script.runs[-1][1].hotwords == hotwords


def test_a_job_may_be_given_hotwords_line_by_line(site: Site) -> None:
    site.done(hotwords="李清照\n# 名字\nK8s|kubernetes")
    assert site.script.runs[-1][1].hotwords == ("李清照", "K8s|kubernetes")


def test_a_keyword_that_is_no_term_is_named(site: Site) -> None:
    answer = site.transcribe(keywords="甲|乙|丙")
    assert answer.status_code == 400 and "more than one “|”" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "fields", [{"language": "fr"}, {"response_format": "yaml"}, {"stream": "x"}, {"languages": "xx"}]
)
def test_wrong_fields_name_the_field(site: Site, fields: dict[str, str]) -> None:
    answer = site.transcribe(**fields)
    assert answer.status_code == 400 and answer.json()["error"]["param"] == next(iter(fields))


def test_a_body_that_is_no_form(site: Site) -> None:
    answer = site.client.post("/v1/audio/transcriptions", content=b"{}")
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "file"


def test_models(site: Site) -> None:
    assert site.client.get("/v1/models").json()["data"][0]["id"] == "sensevoice-small"
    assert site.client.get("/v1/models/whisper-1").json()["id"] == "whisper-1"


@pytest.mark.parametrize("keep", [False, True])
def test_what_is_kept(tmp_path: Path, keep: bool) -> None:
    site = Site(Script(call()), tmp_path, keep=keep)
    assert site.transcribe(language="zh", languages="zh,en").status_code == 200
    assert len(site.runner.store.jobs("")) == keep and not any(site.uploads.iterdir())
    site.runner.close()
