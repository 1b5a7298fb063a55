"""`/v1/jobs` over a scripted model: what is created, followed, read, cancelled and deleted, and by whom."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import srt

from sensevoice.errors import NotMedia
from sensevoice.formats import FORMATS, from_dict
from tests.api.site import Site, until
from tests.ui.ui_script import CALL, CALL_MS, Script, call

TEXTS = [segment.text for segment in CALL]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(Script(call()), tmp_path)
    yield opened
    opened.runner.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """A site with a job that is done, for tests that change nothing."""
    opened = Site(Script(call()), tmp_path_factory.mktemp("shared"))
    yield opened, opened.done()
    opened.runner.close()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Site, Script]]:
    """A site whose run stands still after three rows."""
    script = Script(call(), hold_after=6)
    opened = Site(script, tmp_path)
    yield opened, script
    script.go.set()
    opened.runner.close()


def test_a_job_from_its_creation_to_its_end(site: Site) -> None:
    answer = site.create(model="any", language="zh")
    assert answer.status_code == 201
    job = answer.json()
    assert job["object"] == "job" and job["name"] == "call.wav" and job["settings"]["language"] == "zh"
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert site.runner.wait_for_end(job["id"], 10.0)
    done = site.get(f"/{job['id']}")
    assert (done["status"], done["partial"], done["error"], done["progress"]) == (
        "completed",
        False,
        None,
        1.0,
    )
    assert done["duration"] == CALL_MS / 1000 and done["rows"] == len(CALL) and done["tags"]["ANGRY"] == 1
    assert done["finished_at"] >= done["created_at"] and done["expires_at"] > done["finished_at"]
    assert not any(site.uploads.iterdir())


def test_it_is_in_the_page_s_library(site: Site) -> None:
    job_id = site.done()
    assert [job.id for job in site.runner.store.jobs("")] == [job_id]


def test_rows_while_it_runs(slow: tuple[Site, Script]) -> None:
    site, script = slow
    job_id = site.create().json()["id"]
    first = until(lambda: (found := site.get(f"/{job_id}/rows"))["total"] == 3 and found)
    assert [row["text"] for row in first["data"]] == TEXTS[:3]
    assert first["data"][2]["emotion"] == "ANGRY" and first["data"][2]["object"] == "job.row"
    assert (first["first_id"], first["last_id"], first["has_more"]) == (0, 2, False)
    assert (first["status"], first["version"]) == ("in_progress", 0)
    assert site.get(f"/{job_id}/rows", after=2)["data"] == []
    part = site.get(f"/{job_id}/rows", after=0, limit=1)
    assert [row["id"] for row in part["data"]] == [1] and part["has_more"]
    running = site.get(f"/{job_id}")
    assert running["status"] == "in_progress" and running["partial"] and 0 < running["progress"] < 1
    script.go.set()
    assert site.runner.wait_for_end(job_id, 10.0)
    rest = site.get(f"/{job_id}/rows", after=2)
    assert [row["text"] for row in rest["data"]] == TEXTS[3:] and rest["status"] == "completed"
    anew = site.get(f"/{job_id}/rows", after=2, version=first["version"])
    assert [row["id"] for row in anew["data"]] == list(range(len(CALL))), "the end has a version of its own"


def test_rows_are_corrected_ones(site: Site) -> None:
    from sensevoice.jobs.editing.corrections import Correction, corrected
    from sensevoice.jobs.editing.edits import Change

    job_id = site.done()
    version = site.get(f"/{job_id}/rows")["version"]
    store = site.runner.store
    row = store.result(store.job(job_id)).transcript.segments[0]
    store.change(store.job(job_id), [Change(corrected(row, Correction(text="你好。")), 0)])
    after = site.get(f"/{job_id}/rows", after=0, version=version)
    assert after["data"][0]["text"] == "你好。" and after["version"] != version


def test_the_place_in_the_line(slow: tuple[Site, Script]) -> None:
    site, _ = slow
    running = site.create().json()["id"]
    until(lambda: site.get(f"/{running}")["status"] == "in_progress")
    first, second = (site.create().json()["id"] for _ in range(2))
    assert [site.get(f"/{each}")["queue_position"] for each in (running, first, second)] == [0, 1, 2]
    assert site.get(f"/{second}")["status"] == "queued"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_record_in_every_format(shared: tuple[Site, str], name: str) -> None:
    site, job_id = shared
    answer = site.client.get(f"/v1/jobs/{job_id}/record", params={"format": name})
    assert answer.status_code == 200 and answer.content
    assert answer.headers["content-type"].startswith(FORMATS[name].mime_type)
    assert answer.headers["content-disposition"].endswith(f"call{FORMATS[name].extension}")


def test_the_record_has_the_options_of_an_export(site: Site) -> None:
    job_id = site.done()
    record = from_dict(site.client.get(f"/v1/jobs/{job_id}/record").json())
    assert [segment.text for segment in record.segments] == TEXTS and record.source == "call.wav"
    english = site.client.get(f"/v1/jobs/{job_id}/record?format=txt&view=tagged&labels=en").text
    assert "angry" in english
    cues = srt.parse(site.client.get(f"/v1/jobs/{job_id}/record?format=srt&captions=1").text)
    assert any("音乐" in cue.content for cue in cues)


@pytest.mark.parametrize("name", ["docx", "xlsx"])
def test_formats_of_bytes(shared: tuple[Site, str], name: str) -> None:
    site, job_id = shared
    answer = site.client.get(f"/v1/jobs/{job_id}/record?format={name}")
    assert answer.content.startswith(b"PK") and answer.headers["content-type"] == FORMATS[name].mime_type


def test_the_record_of_a_job_that_runs_says_that_it_is_partial(slow: tuple[Site, Script]) -> None:
    site, _ = slow
    job_id = site.create().json()["id"]
    until(lambda: site.get(f"/{job_id}")["rows"] == 3)
    answer = site.client.get(f"/v1/jobs/{job_id}/record")
    assert answer.json()["partial"] and answer.json()["complete_until_ms"] == CALL[2].span.end_ms
    assert "partial" in answer.headers["content-disposition"]
    assert "未完成" in site.client.get(f"/v1/jobs/{job_id}/record?format=srt").text


@pytest.mark.parametrize(
    "query",
    ["format=exe", "view=x", "labels=fr", "handles=x", "names=x", "fps=-1"],
)
def test_a_wrong_option_of_an_export_is_named(shared: tuple[Site, str], query: str) -> None:
    site, job_id = shared
    answer = site.client.get(f"/v1/jobs/{job_id}/record?format=txt&{query}")
    assert answer.status_code == 400 and answer.json()["error"]["param"]


def test_a_failed_job_says_why(tmp_path: Path) -> None:
    site = Site(Script([NotMedia(path="call.wav")]), tmp_path)
    job = site.get(f"/{site.done()}")
    assert job["status"] == "failed" and job["error"]["code"] == "not_media"
    assert "call.wav" in job["error"]["message"] and job["partial"]
    assert site.get(f"/{job['id']}/rows")["data"] == []
    site.runner.close()


def test_cancelling_keeps_the_rows(slow: tuple[Site, Script]) -> None:
    site, _ = slow
    job_id = site.create().json()["id"]
    until(lambda: site.get(f"/{job_id}")["rows"] == 3)
    assert site.client.post(f"/v1/jobs/{job_id}/cancel").json()["status"] in ("cancelling", "cancelled")
    assert site.runner.wait_for_end(job_id, 10.0)
    assert site.get(f"/{job_id}")["status"] == "cancelled"
    assert len(site.get(f"/{job_id}/rows")["data"]) == 3
    again = site.client.post(f"/v1/jobs/{job_id}/cancel")
    assert again.status_code == 200 and again.json()["status"] == "cancelled"


def test_deleting_removes_all_of_it(slow: tuple[Site, Script]) -> None:
    site, _ = slow
    job_id = site.create().json()["id"]
    gone = site.client.delete(f"/v1/jobs/{job_id}")
    assert gone.json() == {"id": job_id, "object": "job", "deleted": True}
    assert site.client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert not site.runner.store.folder(job_id).path.exists()


def test_the_list_comes_in_pages(site: Site) -> None:
    ids = [site.done() for _ in range(3)]
    first = site.get(limit=2)
    assert [job["id"] for job in first["data"]] == ids[:0:-1] and first["has_more"]
    assert (first["object"], first["last_id"]) == ("list", ids[1])
    rest = site.get(limit=2, after=first["last_id"])
    assert [job["id"] for job in rest["data"]] == ids[:1] and not rest["has_more"]
    assert [job["id"] for job in site.get(order="asc")["data"]] == ids


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=--5", "order=up", "limit=٣x"])
def test_a_wrong_page_is_named(shared: tuple[Site, str], query: str) -> None:
    site, _ = shared
    answer = site.client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 400 and answer.json()["error"]["param"] == query.partition("=")[0]
    assert site.client.get("/v1/jobs?after=nothing").status_code == 404


def test_nobody_reaches_another_s_job(site: Site) -> None:
    site.user = "ann"
    job_id = site.done()
    site.user = "bob"
    assert site.get()["data"] == []
    for method, path in (
        *(("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/rows"), ("GET", "/record")),
    ):
        answer = site.client.request(method, f"/v1/jobs/{job_id}{path}")
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "job_not_found"
    site.user = "ann"
    assert [job["id"] for job in site.get()["data"]] == [job_id]


def test_what_the_other_endpoint_does_not_keep_is_in_nobody_s_list(slow: tuple[Site, Script]) -> None:
    site, script = slow
    assert site.get()["data"] == []
    script.go.set()
    assert site.transcribe().status_code == 200 and site.get()["data"] == []


OURS: dict[str, Any] = {
    **{"use_itn": False, "ban_emo_unk": True, "sounds": False, "word_times": False, "keep_numbers": True},
    **{"pause_ms": 400, "merge_length_s": 5.5, "merge_gap_s": 2, "batch_size_s": 30, "track": 2},
    **{"merge": "length", "channel": "split", "speakers": "3", "raw_format": "s16le:8000:1"},
}


def test_our_settings_by_form_and_by_json(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    site = Site(Script(call()), tmp_path, media_dir=tmp_path / "media")
    os.link(site.recording, tmp_path / "media" / "会议.wav")
    form = {name: str(value).lower() for name, value in OURS.items()}
    by_form = site.create(**form, **{"languages[]": ["zh", "en"]}).json()
    by_json = site.client.post(
        "/v1/jobs", json={"media": "会议.wav", "languages": ["zh", "en"], **OURS}
    ).json()
    for job in (by_form, by_json):
        assert {name: job["settings"][name] for name in OURS} == OURS
        assert job["settings"]["among"] == ["zh", "en"]
    assert by_json["name"] == "会议.wav"
    assert site.create(response_format="diarized_json").json()["settings"]["speakers"] == "auto"
    site.runner.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("pause_ms", "5"), ("pause_ms", "x"), ("pause_ms", "nan"), ("merge_length_s", "inf")),
        *(("merge", "none"), ("channel", "up"), ("speakers", "0"), ("track", "-1"), ("track", "1.5")),
        *(("use_itn", "maybe"), ("raw_format", "x"), ("language", "fr"), ("languages", "xx")),
        *(("response_format", "yaml"), ("stream", "true"), ("timestamp_granularities[]", "line")),
    ],
)
def test_a_wrong_field_is_named(shared: tuple[Site, str], field: str, value: str) -> None:
    site, _ = shared
    answer = site.create(**{field: value})
    assert answer.status_code == 400, answer.text
    named = answer.json()["error"]["param"]
    assert named == {"timestamp_granularities[]": "timestamp_granularities"}.get(field, field)
    assert len(site.get()["data"]) == 1 and not any(site.uploads.iterdir())


@pytest.fixture(scope="module")
def with_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("with_media")
    (folder / "media" / "folder").mkdir(parents=True)
    site = Site(Script(call()), folder, media_dir=folder / "media")
    (folder / "media" / "link.wav").symlink_to(site.recording)
    yield site
    site.runner.close()


@pytest.mark.parametrize(
    "name",
    [
        *("../call.wav", "/etc/hostname", "missing.wav", "folder", "link.wav", "a\x00b", "x" * 5000, ".", ""),
        *("..", "folder/../../call.wav"),
    ],
)
def test_only_recordings_below_the_media_directory_can_be_named(with_media: Site, name: str) -> None:
    answer = with_media.client.post("/v1/jobs", json={"media": name})
    assert answer.status_code == 400 and answer.json()["error"]["param"] in ("media", "file")


def test_without_a_media_directory_nothing_can_be_named(site: Site) -> None:
    answer = site.client.post("/v1/jobs", json={"media": "call.wav"})
    assert answer.status_code == 400 and "--media-dir" in answer.json()["error"]["message"]
    both = site.create(media="call.wav")
    assert both.status_code == 400 and both.json()["error"]["param"] == "file"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        *((b"{", "application/json"), (b"[]", "application/json"), (b"[" * 100_000, "application/json")),
        *((b'{"media": {}}', "application/json"), (b" " * (1 << 20) + b"{} ", "application/json")),
        *((b"file=x", "application/x-www-form-urlencoded"), (b"x", "text/plain"), (b"", "")),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
    ],
)
def test_bodies_that_are_none(shared: tuple[Site, str], content: bytes, kind: str) -> None:
    site, _ = shared
    answer = site.client.post("/v1/jobs", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_a_form_without_files_is_not_read(site: Site) -> None:
    """However long it is: it would be held in memory."""
    read = []

    def parts() -> Iterator[bytes]:
        for _ in range(1000):
            read.append(1)
            yield b"x" * 1000

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/v1/jobs", "/v1/audio/transcriptions"):
        assert site.client.post(path, content=parts(), headers=kind).status_code == 400


def test_a_field_that_is_too_long(site: Site) -> None:
    answer = site.create(prompt="x" * (1 << 17))
    assert answer.status_code == 400 and site.get()["data"] == []


def test_too_many_wait(tmp_path: Path) -> None:
    from sensevoice.jobs import JobRunner, JobStore
    from tests.ui.ui_script import MODEL

    script = Script(call(), hold_after=1)
    runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), script, 1, max_waiting=0)
    site = Site(script, tmp_path, runner)
    until(lambda: site.create().status_code == 400)
    assert site.create().json()["error"]["code"] == "too_busy"
    script.go.set()
    runner.close()


def test_an_unexpected_fault_is_a_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.runner.store, "jobs", lambda owner: 1 / 0)
    answer = site.client.get("/v1/jobs")
    assert answer.status_code == 500 and answer.json()["error"]["code"] == "internal"
    assert "division" not in json.dumps(answer.json())
