"""Cutting from the page: begun, followed, saved, cancelled, kept for its time, and nobody else's."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensevoice.clips import CutSettings, Take, encoder
from sensevoice.clips.running import FOLDER, KEPT_FOR_A_JOB, Cuts
from sensevoice.errors import CutGone, DiskLow
from sensevoice.transcript import Span
from tests.ui.test_routes import Site
from tests.ui.ui_script import Script, call


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(Script(call()), tmp_path)
    yield opened
    opened.script.go.set()
    opened.runner.close()


def body(job: str, *spans: tuple[int, int], **more: Any) -> dict[str, Any]:
    wanted = [{"start_ms": start_ms, "end_ms": end_ms} for start_ms, end_ms in spans or ((0, 1_000),)]
    return {"takes": [{"job": job, "spans": wanted}], "media": "wav", "subtitles": ["srt"], **more}


def begun(site: Site, wanted: dict[str, Any]) -> str:
    response = site.client.post("/sv/cuts", json=wanted)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def ended(site: Site, key: str) -> Any:
    while (now := site.get(f"cuts/{key}"))["state"] in ("waiting", "running"):
        time.sleep(0.02)
    return now


def test_a_cut_is_begun_followed_and_saved(site: Site) -> None:
    job = site.done()
    key = begun(site, body(job, (0, 1_000), (2_000, 3_000), handles_s=0))
    now = ended(site, key)
    assert (now["state"], now["clips"], now["error"], now["fraction"]) == ("done", 2, None, 1.0), now
    saved = site.client.get(f"/sv/cuts/{key}/file")
    assert saved.headers["content-type"] == "application/zip"
    assert "%E5%AE%A2%E6%9C%8D%20%E7%94%B5%E8%AF%9D.reel.zip" in saved.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(saved.content)) as archive:
        assert archive.namelist() == [f"客服 电话.reel.{each}" for each in ("wav", "srt", "csv")]
    kept = site.runner.store.folder(job).path / FOLDER
    assert [path.name for path in kept.iterdir()] == [f"{key}.zip"], "in the job's own folder"
    assert site.client.delete(f"/sv/cuts/{key}").status_code == 200
    assert list(kept.iterdir()) == [] and site.client.get(f"/sv/cuts/{key}").status_code == 404


def test_what_cannot_be_cut_is_a_sentence(site: Site) -> None:
    job = site.done()
    wrong = [
        {},
        {"takes": []},
        {"takes": [3]},
        {"takes": [{"job": job, "spans": [4]}]},
        {"takes": [{"job": job, "spans": [{"start_ms": 5, "end_ms": 5}]}]},
        body(job, (900_000_000, 900_000_001)),
        body(job, media="exe"),
        body(job, handles_s="x"),
        body(job, handles_s=True),
        body(job, form=3),
        body(job, subtitles=[["srt"]]),
        body(job, labels="fr"),
    ]
    for each in wrong:
        answer = site.client.post("/sv/cuts", json=each)
        assert answer.status_code == 400 and answer.json()["zh"], each
    assert site.client.post("/sv/cuts", json=body("nobody")).status_code == 404
    film = ended(site, begun(site, body(job, media="mp4")))
    assert film["state"] == "failed" and "画面" in film["error"]["zh"] and "picture" in film["error"]["en"]
    assert site.client.get(f"/sv/cuts/{film['id']}/file").status_code == 400


def test_a_cut_is_cancelled_and_nothing_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "START", "import time; time.sleep(60)")
    job = site.done()
    first, waiting = begun(site, body(job)), begun(site, body(job))
    assert site.client.get(f"/sv/cuts/{first}/file").status_code == 400, "not done yet"
    for key in (waiting, first):
        assert site.client.delete(f"/sv/cuts/{key}").status_code == 200
    assert [ended(site, key)["state"] for key in (first, waiting)] == ["cancelled", "cancelled"]
    assert list((site.runner.store.folder(job).path / FOLDER).iterdir()) == []


def test_cuts_are_bounded_by_the_room_for_jobs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(bytes_needed: int) -> None:
        raise DiskLow(reason="50.0 + 1.0 > --max-data-gb 50.0")

    job = site.done()
    monkeypatch.setattr(site.runner.store, "check_room", full)
    answer = site.client.post("/sv/cuts", json=body(job))
    assert answer.status_code == 507 and "--max-data-gb" in answer.json()["en"]


def test_the_last_ones_of_a_job_are_kept_and_none_over_a_restart(site: Site) -> None:
    job = site.done()
    keys = [begun(site, body(job, media="mp3")) for _ in range(KEPT_FOR_A_JOB + 1)]
    for key in keys[:-1]:
        ended(site, key)
    ended(site, keys[-1])
    last = begun(site, body(job))
    ended(site, last)
    kept = site.runner.store.folder(job).path / FOLDER
    assert {path.stem for path in kept.iterdir()} == {*keys[-KEPT_FOR_A_JOB + 1 :], last}
    Cuts(site.runner.store)
    assert not kept.exists()


def test_a_cut_is_its_owners_alone(site: Site) -> None:
    mine = site.done("ann")
    answer = site.client.post("/sv/cuts", json=body(mine))
    assert answer.status_code == 404, "somebody else's recording"
    assert site.client.get("/sv/cuts/unknown").status_code == 404
    cuts, store = Cuts(site.runner.store), site.runner.store
    record = store.result(store.job(mine, "ann")).transcript
    take = Take(store.folder(mine).source, "a.wav", record, (Span(0, 1_000),))
    theirs = cuts.start("ann", mine, [take], CutSettings("wav"))
    with pytest.raises(CutGone):
        cuts.cut(theirs.id, "")
    cuts.cancel(theirs.id, "ann")
