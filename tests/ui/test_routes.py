"""The HTTP answers that the workbench in the browser is drawn from, over a real app."""

from __future__ import annotations

import io
import json
import threading
import time
import wave
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.errors import DeviceUnavailable, NotMedia
from sensevoice.jobs import JobRunner
from sensevoice.jobs.editing.channels import each_from_its_channel
from sensevoice.jobs.editing.retranscribe import neighbours
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import cut
from sensevoice.transcript import Replacement, Segment, Span, Speaker
from sensevoice.ui import job_routes, serialise
from tests.media import tone, write_wav
from tests.search.site import LoggedIn
from tests.ui.ui_script import CALL, Script, call, runner_of, speech, transcript


def hear(path: Path, spans: Any, options: Options, rejoin: bool = False) -> list[Segment]:
    text = f"重听 {options.language}" + ("" if options.use_itn else " 口语")
    length_ms = round(options.merge_length_s * 1000) if rejoin else 1 << 40
    pieces = [
        Span(at, min(at + length_ms, span.end_ms))
        for span in spans
        for at in range(span.start_ms, span.end_ms, length_ms)
    ]
    return [Segment("speech", span, text, language="zh", emotion="SAD") for span in pieces]


def many(count: int) -> tuple[Segment, ...]:
    return tuple(speech(n * 1000, n * 1000 + 900, f"第 {n} 句") for n in range(count))


class Site:
    """A runner, its routes, and a client of them."""

    def __init__(self, script: Script, directory: Path) -> None:
        self.script = script
        self.runner: JobRunner = runner_of(script, directory)
        self.app = Starlette(routes=job_routes(self.runner, hear, cut))
        self.client = TestClient(self.app, raise_server_exceptions=False)
        self.recording = directory / "客服 电话.wav"
        write_wav(self.recording, tone(440, 4.0))

    def job(self, owner: str = "") -> str:
        job = self.runner.submit(self.recording, Options(), owner)
        return job.id

    def done(self, owner: str = "") -> str:
        job_id = self.job(owner)
        assert self.runner.wait_for_end(job_id, 10.0)
        return job_id

    def get(self, path: str, **more: Any) -> Any:
        response = self.client.get(f"/sv/{path}", **more)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(Script(call()), tmp_path)
    yield opened
    opened.script.go.set()
    opened.runner.close()


def test_labels_formats_and_views_are_told(site: Site) -> None:
    data = site.get("labels")
    assert data["labels"]["zh"]["ANGRY"] == "愤怒" and data["labels"]["en"]["BGM"] == "background music"
    assert data["kinds"]["language"] == ["zh", "en", "yue", "ja", "ko"]
    assert {"txt", "srt", "json"} <= {each["name"] for each in data["formats"]}


def test_a_finished_job_and_its_rows(site: Site) -> None:
    job_id = site.done()
    listed = site.get("jobs")["jobs"]
    assert [each["id"] for each in listed] == [job_id]
    assert listed[0]["state"] == "done" and listed[0]["segments"] == len(CALL)
    assert {"name": "ANGRY", "count": 1} in listed[0]["tags"]
    details = site.get(f"jobs/{job_id}")
    assert details["settings"]["language"] == "auto" and details["error"] is None
    rows = site.get(f"jobs/{job_id}/segments")
    assert rows["total"] == len(CALL) and rows["segments"][2]["text"] == CALL[2].text
    assert rows["segments"][4]["events"] == [{"name": "BGM", "trend": "rising"}]


def test_terms_are_listed_and_taken_back_as_one_step(site: Site) -> None:
    term = Replacement("天汽", "天气", 2, 0.9, "sound")
    rows = [replace(speech(0, 900, "今天天气好"), terms=(term,)), speech(1000, 1900, "好")]
    site.script.items = [*rows, transcript(tuple(rows))]
    job_id = site.done()
    segments = site.get(f"jobs/{job_id}/segments")
    assert segments["segments"][0]["terms"] == [asdict(term)] and "terms" not in segments["segments"][1]
    address = f"/sv/jobs/{job_id}/segments"
    body = {"rows": [{"row": 0, "terms": [0]}], "version": segments["version"], "what": "term"}
    assert site.client.patch(address, json=body).status_code == 200
    row = site.get(f"jobs/{job_id}/segments")["segments"][0]
    assert row["text"] == "今天天汽好" and row["terms"][0]["applied"] is False
    undone = site.client.post(f"/sv/jobs/{job_id}/undo", json={}).json()
    assert undone["step"]["what"] == "term"
    assert site.get(f"jobs/{job_id}/segments")["segments"][0]["text"] == "今天天气好"
    for wrong in ([1], [-1], ["0"], 0):
        refused = site.client.patch(
            address, json={**body, "rows": [{"row": 0, "terms": wrong}], "version": 3}
        )
        assert refused.status_code == 400


def lasting(data: Any) -> Any:
    """Return an answer without what passes from one moment to the next: how long a job is still kept."""
    return {**data, "jobs": [{**job, "kept_s": None} for job in data["jobs"]]} if "jobs" in data else data


def test_json_is_compressed_for_who_reads_it_and_sound_never(site: Site) -> None:
    site.script.items = [*many(60), transcript(many(60))]
    job_id = site.done()
    for path in ("labels", "jobs", f"jobs/{job_id}/segments"):
        packed = site.client.get(f"/sv/{path}", headers={"Accept-Encoding": "gzip, br"})
        plain = site.client.get(f"/sv/{path}", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers and lasting(packed.json()) == lasting(plain.json())
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["cache-control"] == "no-store"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    sound = site.client.get(f"/sv/jobs/{job_id}/audio", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in sound.headers


@pytest.mark.parametrize("query", ["from=x", "from=0&version=1.5"])
def test_numbers_of_rows_that_are_none_are_a_sentence(site: Site, query: str) -> None:
    answer = site.client.get(f"/sv/jobs/{site.done()}/segments?{query}")
    assert answer.status_code == 400 and answer.json()["code"] == "bad_request"


def test_only_the_rows_that_are_missing_are_sent(tmp_path: Path) -> None:
    site = Site(Script(call(), hold_after=6), tmp_path)
    job_id = site.job()
    while (first := site.get(f"jobs/{job_id}/segments"))["total"] < 3:
        time.sleep(0.01)
    more = site.get(f"jobs/{job_id}/segments?from=3&version={first['version']}")
    assert (more["from"], more["segments"], more["state"]) == (3, [], "running")
    site.script.go.set()
    assert site.runner.wait_for_end(job_id, 10.0)
    after = site.get(f"jobs/{job_id}/segments?from=3&version={first['version']}")
    assert after["from"] == 0 and len(after["segments"]) == len(CALL), "the end has a version of its own"
    site.runner.close()


def test_state_rows_and_version_are_of_one_moment_while_a_job_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the run puts it: its state, then the disk, then the queue; who has ended has its final version."""
    ending, go = threading.Event(), threading.Event()
    save = site.runner.store.save

    def slow_save() -> None:
        if any(job.finished for job in site.runner.store.jobs()):
            ending.set()
            assert go.wait(10.0)
        save()

    monkeypatch.setattr(site.runner.store, "save", slow_save)
    job_id = site.job()
    before = site.runner.store.job(job_id)
    assert ending.wait(10.0)
    rows = site.get(f"jobs/{job_id}/segments")
    assert (rows["state"], rows["version"]) == ("running", 0)
    assert site.get(f"jobs/{job_id}")["state"] == "running"
    go.set()
    assert site.runner.wait_for_end(job_id, 10.0)
    assert not before.finished, "it was looked up before the end"
    assert serialise.job_row(site.runner, before)["state"] == "done"
    rows = serialise.segment_rows(site.runner, before, 0, 0)
    assert (rows["state"], rows["version"], rows["total"]) == ("done", 1, len(CALL))


def test_a_correction_its_undo_and_the_export_of_what_is_on_the_screen(site: Site) -> None:
    job_id = site.done()
    answer = site.client.patch(
        f"/sv/jobs/{job_id}/segments/2", json={"text": "第八天了！", "emotion": "SAD", "events": ["Cry"]}
    ).json()
    assert answer["segment"]["text"] == "第八天了！" and answer["segment"]["edited"]
    srt = site.client.get(f"/sv/jobs/{job_id}/export?format=srt")
    assert "第八天了！" in srt.text and "%E5%AE%A2%E6%9C%8D" in srt.headers["content-disposition"]
    chosen = site.client.get(f"/sv/jobs/{job_id}/export?format=txt&view=tagged&labels=en&rows=2").text
    assert chosen == "[Chinese] [sad] 第八天了！ (crying)\n"
    assert site.client.post(f"/sv/jobs/{job_id}/undo").status_code == 200
    assert site.get(f"jobs/{job_id}/segments")["segments"][2]["text"] == CALL[2].text
    assert site.client.post(f"/sv/jobs/{job_id}/undo").status_code == 409


@pytest.mark.parametrize(
    "path, body",
    [
        ("segments/99", {"text": "x"}),
        ("segments/0", {"emotion": "<script>"}),
        ("segments/0", {"events": ["ANGRY"]}),
        ("segments/0", ["no object"]),
        ("segments/0", {"text": 7}),
        ("segments/0", {"events": "Laughter"}),
        ("segments/0", {"events": [None]}),
    ],
)
def test_a_correction_that_cannot_be_is_refused(site: Site, path: str, body: Any) -> None:
    job_id = site.done()
    answer = site.client.patch(f"/sv/jobs/{job_id}/{path}", json=body)
    assert answer.status_code == 400 and {"code", "zh", "en"} <= set(answer.json())
    assert not site.get(f"jobs/{job_id}/segments")["segments"][0]["edited"]


def test_rows_heard_again_are_only_proposed_until_they_are_accepted(site: Site) -> None:
    job_id = site.done()
    proposed = site.client.post(f"/sv/jobs/{job_id}/redo", json={"rows": [1, 3], "language": "yue"}).json()
    assert [each["new"][0]["text"] for each in proposed["proposals"]] == ["重听 yue"] * 2
    assert proposed["proposals"][0]["old"][0]["text"] == CALL[1].text
    assert site.get(f"jobs/{job_id}/segments")["segments"][1]["text"] == CALL[1].text
    site.client.post(f"/sv/jobs/{job_id}/accept", json={"id": proposed["id"], "chosen": [0]})
    texts = [row["text"] for row in site.get(f"jobs/{job_id}/segments")["segments"]]
    assert texts[1] == "重听 yue" and texts[3] == CALL[3].text


def test_neighbouring_rows_are_joined_and_split_anew(site: Site) -> None:
    job_id = site.done()
    body = {"rows": [0, 1, 5], "merge_length_s": 4.0, "use_itn": False}
    proposed = site.client.post(f"/sv/jobs/{job_id}/redo", json=body).json()
    first, second = proposed["proposals"]
    assert [row["index"] for row in first["old"]] == [0, 1] and len(second["old"]) == 1
    spans = [(row["start_ms"], row["end_ms"]) for row in first["new"]]
    assert spans == [(600, 4600), (4600, 8600), (8600, 9100)]
    site.client.post(f"/sv/jobs/{job_id}/accept", json={"id": proposed["id"], "chosen": [0]})
    rows = site.get(f"jobs/{job_id}/segments")["segments"]
    assert [row["text"] for row in rows[:4]] == ["重听 auto 口语"] * 3 + [CALL[2].text]
    assert all(row["edited"] for row in rows[:3]) and len(rows) == len(CALL) + 1
    record = site.client.get(f"/sv/jobs/{job_id}/export?format=json").json()
    assert record["segments"][0]["original"]["text"] == f"{CALL[0].text} {CALL[1].text}"
    stale = site.client.post(f"/sv/jobs/{job_id}/accept", json={"id": proposed["id"], "chosen": [0]})
    assert (stale.status_code, stale.json()["code"]) == (400, "rows_changed")
    wider = site.client.post(
        f"/sv/jobs/{job_id}/redo", json={**body, "rows": [0, 1, 2, 3, 4], "merge_gap_s": 0}
    )
    assert [len(each["old"]) for each in wider.json()["proposals"]] == [3, 1, 1], "rows that touch, no others"
    site.client.post(f"/sv/jobs/{job_id}/accept", json={"id": proposed["id"], "chosen": [1]})
    assert site.get(f"jobs/{job_id}/segments")["segments"][-1]["text"] == "重听 auto 口语"
    for _ in range(2):
        site.client.post(f"/sv/jobs/{job_id}/undo")
    assert [row["text"] for row in site.get(f"jobs/{job_id}/segments")["segments"]] == [r.text for r in CALL]


@pytest.mark.parametrize(
    "body", [{"rows": list(range(51))}, {"rows": [0], "merge_length_s": 99}, {"rows": [0], "language": "xx"}]
)
def test_what_cannot_be_heard_again_is_a_sentence(site: Site, body: Any) -> None:
    site.script.items = [*many(60), transcript(many(60))]
    answer = site.client.post(f"/sv/jobs/{site.done()}/redo", json=body)
    assert answer.status_code == 400 and {"zh", "en"} <= set(answer.json())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("redo", {"rows": "all"}),
        ("redo", {"rows": ["x"]}),
        ("redo", {"rows": [0], "use_itn": "yes"}),
        ("accept", {"id": 5}),
        ("accept", {"chosen": {"a": 1}}),
        ("transcribe", {}),
        ("transcribe", {"start_ms": 5, "end_ms": 5}),
        ("transcribe", {"start_ms": "a", "end_ms": None}),
    ],
)
def test_a_body_that_cannot_be_read_is_a_sentence(site: Site, path: str, body: Any) -> None:
    answer = site.client.post(f"/sv/jobs/{site.done()}/{path}", json=body)
    assert answer.status_code == 400 and {"code", "zh", "en"} <= set(answer.json())


def test_what_was_not_proposed_cannot_be_accepted(site: Site) -> None:
    job_id = site.done()
    answer = site.client.post(f"/sv/jobs/{job_id}/accept", json={"id": "x", "chosen": [0]})
    assert (answer.status_code, answer.json()["code"]) == (400, "rows_changed")


def test_neighbours_are_of_one_channel_without_another_row_or_a_long_silence_between() -> None:
    left, right = ({"channel": name} for name in ("left", "right"))
    rows = [
        speech(0, 1000, "a", **left),
        speech(500, 1500, "b", **right),
        speech(1200, 2000, "c", **left),
        speech(2100, 3000, "d", **left),
        speech(9000, 9500, "e", **left),
        speech(9600, 9900, "f", **left),
    ]
    assert neighbours(rows, [0, 1, 2, 4], 1.0) == [[0, 2], [1], [4]]
    assert neighbours(rows, range(6), 1.0) == [[0, 2, 3], [1], [4, 5]]


def test_a_stretch_that_was_left_out_is_transcribed_too(site: Site) -> None:
    job_id = site.done()
    site.client.post(f"/sv/jobs/{job_id}/transcribe", json={"start_ms": 3250, "end_ms": 3390})
    rows = site.get(f"jobs/{job_id}/segments")["segments"]
    assert [row["text"] for row in rows[:3]] == [CALL[0].text, "重听 auto", CALL[1].text]


def test_what_needs_the_models_waits_for_them(site: Site) -> None:
    job_id = site.done()
    site.runner.paused = True
    answers: list[Any] = []

    def ask(what: str, **body: Any) -> None:
        answers.append(site.client.post(f"/sv/jobs/{job_id}/{what}", json=body))

    asking = threading.Thread(target=ask, args=("redo",), kwargs={"rows": [1]})
    asking.start()
    asking.join(0.5)
    assert answers == [] and site.get("jobs")["jobs"], "the rest goes on"
    site.runner.resume()
    asking.join(10.0)
    assert answers.pop().json()["proposals"][0]["new"][0]["text"] == "重听 auto"
    site.runner.paused = True
    site.runner.fail_all(DeviceUnavailable(device="cuda:7", reason="-"))
    ask("transcribe", start_ms=0, end_ms=500)
    assert answers[0].status_code == 400 and "cuda:7" in answers[0].json()["zh"]


def test_nothing_is_corrected_while_rows_still_move(tmp_path: Path) -> None:
    site = Site(Script(call(), hold_after=4), tmp_path)
    job_id = site.job()
    assert site.client.patch(f"/sv/jobs/{job_id}/segments/0", json={"text": "x"}).status_code == 400
    site.client.post(f"/sv/jobs/{job_id}/cancel")
    assert site.runner.wait_for_end(job_id, 10.0)
    assert site.get(f"jobs/{job_id}")["state"] == "cancelled"
    site.runner.close()


def test_the_recording_comes_in_ranges_and_never_as_a_page(site: Site) -> None:
    job_id = site.done()
    part = site.client.get(f"/sv/jobs/{job_id}/audio", headers={"Range": "bytes=0-3"})
    assert part.status_code == 206 and part.content == b"RIFF"
    assert (
        part.headers["content-type"].startswith("audio/")
        and part.headers["x-content-type-options"] == "nosniff"
    )
    site.recording = site.recording.with_name("page.html")
    site.recording.write_text("<script>alert(1)</script>")
    page = site.client.get(f"/sv/jobs/{site.done()}/audio")
    assert page.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "name, kind, film",
    [
        ("a.mp4", "video/mp4", True),
        ("a.mov", "video/quicktime", True),
        ("a.webm", "video/webm", True),
        ("a.mp3", "audio/mpeg", False),
        ("a.svg", "application/octet-stream", False),
    ],
)
def test_a_film_is_told_and_comes_in_ranges(site: Site, name: str, kind: str, film: bool) -> None:
    site.recording = site.recording.rename(site.recording.with_name(name))
    job_id = site.done()
    assert site.get(f"jobs/{job_id}")["film"] is film
    part = site.client.get(f"/sv/jobs/{job_id}/audio", headers={"Range": "bytes=100-199"})
    assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 100, kind)
    assert part.headers["content-security-policy"] == "sandbox"


def test_a_copy_that_any_browser_plays(site: Site) -> None:
    content = site.client.get(f"/sv/jobs/{site.done()}/audio?as=opus").content
    with av.open(io.BytesIO(content)) as container:
        frames = [frame.samples for frame in container.decode(audio=0)]
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
        assert abs(sum(frames) / 48_000 - 4.0) < 0.1


def test_the_loudness_to_draw(tmp_path: Path) -> None:
    site = Site(Script(call()), tmp_path)
    write_wav(site.recording, np.concatenate([np.zeros(16_000), tone(440, 1.0)]).astype(np.float32))
    drawn = site.get(f"jobs/{site.done()}/peaks")
    assert drawn["per_s"] == 20 and len(drawn["peaks"]) == 40
    assert max(drawn["peaks"][:20]) <= 1 < 10 < min(drawn["peaks"][21:39])
    site.runner.close()


def test_the_loudness_of_a_running_job_is_told_as_far_as_it_is(site: Site) -> None:
    site.script.hold_after = 2
    job_id = site.job()
    path = f"jobs/{job_id}/peaks"
    assert site.get(path) == {"per_s": 20, "from": 0, "peaks": []}
    site.runner.store.folder(job_id).peaks.with_suffix(".part").write_bytes(bytes([1, 2, 3]))
    assert site.get(f"{path}?from=1") == {"per_s": 20, "from": 1, "peaks": [2, 3]}
    assert site.get(f"{path}?from=9") == {"per_s": 20, "from": 0, "peaks": [1, 2, 3]}, "it began anew"
    site.script.go.set()
    assert site.runner.wait_for_end(job_id, 10.0)
    assert len(site.get(f"{path}?from=3")["peaks"]) == 80 - 3


def test_a_name_a_deletion_and_a_job_that_is_not_there(site: Site) -> None:
    job_id = site.done()
    assert site.client.patch(f"/sv/jobs/{job_id}", json={"name": "周一"}).json()["name"] == "周一"
    assert site.client.delete(f"/sv/jobs/{job_id}").status_code == 200
    for path in (f"jobs/{job_id}", f"jobs/{job_id}/audio", "jobs/..%2F..%2Fetc", "jobs/x/export"):
        gone = site.client.get(f"/sv/{path}")
        assert gone.status_code == 404
    assert not site.runner.store.folder(job_id).path.exists()


def test_how_long_a_job_is_kept_is_told_and_lifted(site: Site) -> None:
    job_id = site.done()
    (told,) = site.get("jobs")["jobs"]
    assert (told["keep"], told["kept_hours"]) == (False, 72)
    for keep, hours in ((True, None), (False, 72)):
        told = site.client.patch(f"/sv/jobs/{job_id}", json={"keep": keep}).json()
        assert (told["keep"], told["kept_hours"], told["name"]) == (keep, hours, "客服 电话.wav")
    assert site.client.patch(f"/sv/jobs/{job_id}", json={"keep": "yes"}).status_code == 400


def test_with_logins_each_sees_only_their_own(site: Site) -> None:
    site.app.auth_dependency = print  # type: ignore[attr-defined]  # as of gradio's app with logins
    site.app.add_middleware(LoggedIn)
    job_id = site.done("anna")
    assert site.client.get("/sv/jobs").status_code == 401
    anna, bert = {"X-User": "anna"}, {"X-User": "bert"}
    assert [each["id"] for each in site.get("jobs", headers=anna)["jobs"]] == [job_id]
    assert site.get("jobs", headers=bert)["jobs"] == []
    for path in ("", "/segments", "/audio", "/peaks", "/export"):
        assert site.client.get(f"/sv/jobs/{job_id}{path}", headers=bert).status_code == 404
    assert site.client.delete(f"/sv/jobs/{job_id}", headers=bert).status_code == 404


def test_a_fault_tells_only_a_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(owner: str) -> None:
        raise KeyError("/srv/secret")

    monkeypatch.setattr(site.runner.store, "jobs", fail)
    answer = site.client.get("/sv/jobs")
    assert answer.status_code == 500 and "secret" not in answer.text and answer.json()["code"] == "internal"


def test_all_jobs_as_one_zip_and_one_table(site: Site) -> None:
    first, second = site.done(), site.done()
    with zipfile.ZipFile(io.BytesIO(site.client.get("/sv/several/zip?format=srt").content)) as archive:
        assert archive.namelist() == ["客服 电话.srt", "客服 电话 (2).srt"]
        assert CALL[2].text in archive.read("客服 电话.srt").decode()
    rows = site.get("several/table")["rows"]
    assert {row["id"] for row in rows} == {first, second}
    assert all(row["anger_count"] == 1 and row["first_anger_ms"] == CALL[2].span.start_ms for row in rows)
    assert "客服 电话.wav" in site.client.get(f"/sv/several/csv?jobs={first}").text
    assert site.client.get("/sv/several/zip?format=exe").status_code == 400
    assert site.client.get("/sv/several/table?jobs=nobody").status_code == 404


def test_corrected_rows_come_with_their_clips_for_training(site: Site) -> None:
    job_id = site.done()
    assert site.client.get(f"/sv/jobs/{job_id}/finetune").status_code == 400, "nothing is corrected"
    site.client.patch(f"/sv/jobs/{job_id}/segments/0", json={"text": "改过的话"})
    content = site.client.get(f"/sv/jobs/{job_id}/finetune").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (line,) = archive.read("train.jsonl").decode().splitlines()
        row = json.loads(line)
        assert row["target"] == "改过的话"
        with wave.open(archive.open(row["source"])) as clip:
            assert clip.getframerate() == 16_000 and clip.getnframes() > 0


def test_a_row_is_heard_and_cut_in_the_channel_that_it_came_from() -> None:
    rows = [
        Segment("speech", Span(0, 100), channel="right"),
        Segment("speech", Span(0, 90), channel="left"),
        Segment("speech", Span(50, 200), channel="right"),
        Segment("speech", Span(300, 400)),
    ]

    def work(spans: list[Span], channel: str) -> list[tuple[Span, str]]:
        return [(span, channel) for span in spans]

    result = each_from_its_channel(rows, Options(channel="split"), work)
    assert result == list(zip([row.span for row in rows], ["right", "left", "right", "mix"], strict=True))
    assert each_from_its_channel(rows[3:], Options(channel="left"), work) == [(Span(300, 400), "left")]


WRONG = ["x", None, 1.5, True, [], {}, "1e3", 1 << 80, float("inf")]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_parameters_are_told_to_be_wrong(site: Site, wrong: Any) -> None:
    """A sentence and a status of 400, no fault of the program."""
    job = f"/sv/jobs/{site.done()}"
    body = {"start_ms": 0, "end_ms": 1000}
    content = json.dumps(wrong).replace("Infinity", "1e999")
    asked = [
        site.client.post(f"{job}/transcribe", content=json.dumps({**body, "end_ms": 0})),
        site.client.post(f"{job}/transcribe", content=f'{{"start_ms": {content}, "end_ms": 1000}}'),
        site.client.post(f"{job}/transcribe", content="{}"),
        site.client.post(f"{job}/redo", content=f'{{"rows": [{content}]}}'),
        site.client.post(f"{job}/redo", content='{"rows": 5}'),
        site.client.patch(f"{job}/segments/1", content='{"events": 5}'),
        site.client.patch(f"{job}/segments/1", content=f'{{"events": [{content}]}}'),
        site.client.patch(f"{job}/segments/1", content='{"text": 5}'),
        site.client.patch(f"{job}/segments/1", content=f'{{"version": {content}, "text": "a"}}'),
        site.client.patch(f"{job}/segments/1", content="[" * 100_000),
        site.client.patch(job, content='{"name": 5}'),
        site.client.get(f"{job}/segments?from=x"),
        site.client.get(f"{job}/segments?version=1.5"),
        site.client.get(f"{job}/export?format=x"),
        site.client.get(f"{job}/export?rows=a"),
        site.client.get("/sv/several/csv?labels=x"),
        site.client.get("/sv/several/zip?format=x"),
    ]
    for number, answer in enumerate(asked):
        assert answer.status_code == 400, (number, answer.text)
        assert answer.json()["zh"] and answer.json()["en"]
    assert site.client.get(job).status_code == 200


def test_corrections_are_cleaned_where_they_come_in(site: Site) -> None:
    """Half of a pair, NUL and line breaks would break files and programs that read them."""
    job_id = site.done()
    typed = r'{"text": "a\ud800b\u0000c\r\nd\u2028e\u200d\ud83d\ude00  中"}'
    answer = site.client.patch(f"/sv/jobs/{job_id}/segments/0", content=typed.encode())
    assert answer.status_code == 200
    assert answer.json()["segment"]["text"] == "a b c d e\u200d😀  中"
    for name in ("lrc", "srt", "txt", "json"):
        text = site.client.get(f"/sv/jobs/{job_id}/export?format={name}").text
        assert "\0" not in text
    renamed = site.client.patch(f"/sv/jobs/{job_id}", content='{"name": "x\\ud800\\ny"}')
    assert renamed.json()["name"] == "x y"


def test_a_correction_holds_for_the_row_that_was_seen(site: Site) -> None:
    """In another tab a row was added meanwhile: this row's number now means another one, it another."""
    job_id = site.done()
    job = f"jobs/{job_id}"
    shown = site.get(f"{job}/segments")
    version, before = shown["version"], shown["segments"]
    assert site.client.post(f"/sv/{job}/transcribe", json={"start_ms": 0, "end_ms": 500}).status_code == 200
    seen = before[1]
    answer = site.client.patch(f"/sv/{job}/segments/1", json={"text": "mine", "version": version})
    assert answer.status_code == 200 and answer.json()["segment"]["start_ms"] == seen["start_ms"]
    rows = site.get(f"{job}/segments")["segments"]
    assert [row["start_ms"] for row in rows if row["text"] == "mine"] == [seen["start_ms"]]
    # The row that was seen is no longer as it was: nothing is written over.
    answer = site.client.patch(f"/sv/{job}/segments/1", json={"text": "other", "version": version})
    assert answer.status_code == 409 and answer.json()["code"] == "row_changed"
    wrong = {"text": "other", "start_ms": seen["start_ms"] + 1}
    assert site.client.patch(f"/sv/{job}/segments/1", json=wrong).status_code == 409
    assert all(row["text"] != "other" for row in site.get(f"{job}/segments")["segments"])


def test_a_stretch_is_clipped_to_the_recording(site: Site) -> None:
    job = f"/sv/jobs/{site.done()}"  # of 22 s
    beyond = site.client.post(f"{job}/transcribe", json={"start_ms": 30_000, "end_ms": 40_000})
    assert beyond.status_code == 400 and "start_ms" in beyond.json()["en"]
    assert (
        site.client.post(f"{job}/transcribe", json={"start_ms": 21_800, "end_ms": 90_000}).status_code == 200
    )
    rows = site.client.get(f"{job}/segments").json()["segments"]
    assert rows[-1]["end_ms"] == 22_000


def test_lists_answer_while_recordings_are_converted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty pages ask for copies of long recordings; nobody who asks for something else waits."""
    made, go = [], threading.Event()

    def slowly(folder: Any, options: Options) -> Path:
        copy = Path(folder.path, "playable.ogg")
        if not copy.exists():
            made.append(folder.path.name)
            assert go.wait(60.0)
            copy.write_bytes(b"OggS")
        return copy

    monkeypatch.setattr("sensevoice.ui.media.playable_file", slowly)
    jobs = [site.done() for _ in range(3)]
    with ThreadPoolExecutor(51) as pool:
        asked = [pool.submit(site.client.get, f"/sv/jobs/{jobs[n % 3]}/audio?as=opus") for n in range(50)]
        while len(made) < 2:
            time.sleep(0.01)
        listed = pool.submit(site.get, "jobs").result(30.0)
        assert len(listed["jobs"]) == 3
        go.set()
        assert {each.result(30.0).status_code for each in asked} == {200}
    assert sorted(made) == sorted(jobs), "each was made once"


def test_people_are_named_put_together_and_parted(site: Site) -> None:
    rows = tuple(replace(row, speaker=f"S{1 + n % 2}") for n, row in enumerate(CALL) if row.kind == "speech")
    site.script.items = [*rows, transcript(rows, speakers=(Speaker("S1"), Speaker("S2")))]
    address = f"/sv/jobs/{site.done()}/people"

    def changed(**body: Any) -> Any:
        response = site.client.patch(address, json=body)
        assert response.status_code == 200, response.text
        return [(each["id"], each["name"]) for each in response.json()["speakers"]]

    assert changed(speaker="S2", name="客户") == [("S1", ""), ("S2", "客户")]
    assert changed(speaker="S1", into="S2") == [("S2", "客户")]
    assert changed(speaker="S1", into="") == [("S1", ""), ("S2", "客户")]
    for wrong in (
        {"count": "2"},  # no voice prints were kept of this job
        {"count": "many"},
        {"speaker": "S9", "name": "x"},
        {"speaker": "S1", "into": "S9"},
        {"speaker": "S1"},
        {},
    ):
        refused = site.client.patch(address, json=wrong)
        assert refused.status_code == 400 and refused.json()["zh"], (wrong, refused.text)
    assert site.client.patch("/sv/jobs/none/people", json={"speaker": "S1", "name": "x"}).status_code == 404


def test_people_of_a_job_that_still_runs_cannot_be_changed(site: Site) -> None:
    site.script.hold_after = 2
    address = f"/sv/jobs/{site.job()}/people"
    refused = site.client.patch(address, json={"speaker": "S1", "name": "x"})
    assert refused.status_code == 400 and "任务还没有完成" in refused.text


def test_the_loudness_of_a_recording_that_cannot_be_read_is_empty(site: Site) -> None:
    site.recording.write_bytes(b"ID3" + bytes(5000))
    site.script.items = [NotMedia(name="a.mp3")]
    assert site.get(f"jobs/{site.done()}/peaks?from=0")["peaks"] == []
