"""`/v1/search` and its rules: rows with their neighbours, pages, sentences for what is wrong, owners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.access.routes import is_open
from sensevoice.api import api_routes
from sensevoice.api.search import telling
from sensevoice.errors import OptionError
from sensevoice.jobs import Job
from sensevoice.options import Options
from tests.search.site import LoggedIn, SearchSite
from tests.ui.ui_script import CALL


class Hooks:
    """Takes messages in as the sender of webhooks does."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, dict[str, Any]]] = []

    def check(self, url: str) -> None:
        if "example.org" not in url:
            raise OptionError(option="webhook_url", value=url, allowed="example.org")

    def send(self, job: Job, url: str, kind: str, data: dict[str, Any]) -> None:
        self.sent.append((job.id, url, kind, data))


class Site(SearchSite):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.hooks = Hooks()
        hooks: Any = self.hooks
        self.search.on_match(telling(hooks))
        routes = api_routes(self.runner, directory, Options(), hooks=hooks, search=self.search)
        self.client = TestClient(LoggedIn(Starlette(routes=routes)), raise_server_exceptions=False)
        self.fill(directory)

    def ask(self, method: str, path: str, user: str = "ann", **more: Any) -> Any:
        assert is_open(method, f"/v1/search{path.partition('?')[0]}")
        return self.client.request(method, f"/v1/search{path}", headers={"X-User": user}, **more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = Site(tmp_path_factory.mktemp("search"))
    yield opened
    opened.close()


def test_rows_with_what_stands_around_them(site: Site) -> None:
    answer = site.ask("GET", "", params={"q": "几天 情绪:愤怒"}).json()
    assert (answer["object"], answer["total"], answer["recordings"]) == ("list", 1, 1)
    assert answer["progress"] == {"done": 2, "total": 2} and answer["has_more"] is False
    (hit,) = answer["data"]
    assert (hit["job"], hit["path"], hit["name"], hit["row"]) == (site.jobs[0], None, "call.wav", 2)
    assert (hit["start"], hit["end"], hit["emotion"], hit["language"]) == (9.3, 11.6, "ANGRY", "zh")
    assert hit["before"]["text"] == CALL[1].text and hit["after"]["text"] == CALL[3].text
    assert hit["text"] == CALL[2].text and hit["events"] == [] and hit["score"] > 0


def test_pages_and_orders(site: Site) -> None:
    whole = site.ask("GET", "", params={"q": "-没有"}).json()
    assert whole["total"] == 7 and whole["data"][0]["name"] == "meeting.wav"
    pages = [
        site.ask("GET", "", params={"q": "-没有", "limit": 3, "offset": offset}).json()
        for offset in (0, 3, 6)
    ]
    assert [hit for page in pages for hit in page["data"]] == whole["data"]
    assert [page["has_more"] for page in pages] == [True, True, False]
    best = site.ask("GET", "", params={"q": "谢谢", "order": "score"}).json()
    assert best["data"][0]["text"] == CALL[5].text


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({}, "bad_query", "q"),
        ({"q": "情绪:饿"}, "bad_query", "q"),
        ({"q": "x", "limit": "0"}, "bad_option", "limit"),
        ({"q": "x", "limit": "many"}, "bad_option", "limit"),
        ({"q": "x", "offset": "-1"}, "bad_option", "offset"),
        ({"q": "x", "offset": "99999999999999999999"}, "bad_option", "offset"),
        ({"q": "x", "order": "oldest"}, "bad_option", "order"),
        ({"q": "x", "labels": "fr"}, "bad_option", "labels"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    site: Site, query: dict[str, str], code: str, param: str
) -> None:
    answer = site.ask("GET", "", params=query)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param) and " / " in error[
        "message"
    ]


def test_rules_are_made_counted_changed_and_removed(site: Site) -> None:
    made = site.ask("POST", "/rules", json={"name": "急", "query": "几天 情绪:愤怒"}).json()
    assert (made["name"], made["total"], made["recordings"]) == ("急", 1, {site.jobs[0]: 1})
    path = f"/rules/{made['id']}"
    assert site.ask("GET", path).json() == made and site.ask("GET", "/rules").json()["data"] == [made]
    changed = site.ask("POST", path, json={"query": "会议"}).json()
    assert changed["recordings"] == {site.jobs[1]: 1} and changed["name"] == "急"
    assert site.ask("POST", path, json={"name": "开会"}).json()["name"] == "开会"
    for body in (
        b"{",
        b"[]",
        b'{"query": 7}',
        b'{"query": "mood:hungry"}',
        b'{"webhook_url": "https://example.com"}',
    ):
        answer = site.ask("POST", path, content=body)
        assert answer.status_code == 400 and answer.json()["error"]["message"]
    for user in ("bert", ""):
        assert site.ask("GET", "/rules", user).json()["data"] == []
        assert [site.ask(method, path, user, **more).status_code for method, more in TRIES] == [404] * 3
    assert site.ask("DELETE", path).json() == {"id": made["id"], "object": "search.rule", "deleted": True}
    gone = site.ask("GET", path)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "rule_not_found")


TRIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GET", {}),
    ("POST", {"json": {"name": "x"}}),
    ("DELETE", {}),
)


def test_two_owners_never_see_each_other(site: Site) -> None:
    for line in ("发货", "-没有", "longer:0", "文件:wav", "情绪:愤怒"):
        for user, own in (("ann", site.jobs[:2]), ("bert", site.jobs[2:]), ("carl", []), ("", [])):
            answer = site.ask("GET", "", user, params={"q": line, "limit": 200}).json()
            assert {hit["job"] for hit in answer["data"]} <= set(own)
            assert answer["recordings"] <= len(own) == answer["progress"]["total"]


def test_a_fault_tells_only_a_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*more: object) -> None:
        raise KeyError("/srv/secret")

    monkeypatch.setattr(site.search, "find", fail)
    answer = site.ask("GET", "", params={"q": "x"})
    assert answer.status_code == 500 and "secret" not in answer.text


def test_a_program_is_told_of_each_new_recording_that_matches(site: Site, tmp_path: Path) -> None:
    wanted = {"query": "几天", "name": "急", "webhook_url": "https://example.org/hook"}
    rule = site.ask("POST", "/rules", "dora", json=wanted).json()
    assert rule["webhook_url"] == wanted["webhook_url"]
    for name in ("meeting.wav", "call.wav"):
        job_id = site.job(tmp_path / name, "dora")
    assert site.search.wait(20.0)
    rule_data = {"id": rule["id"], "name": "急", "query": "几天"}
    job_data = {"id": job_id, "object": "job", "name": "call.wav"}
    data = {"rule": rule_data, "rows": 1, "job": job_data}
    assert site.hooks.sent == [(job_id, wanted["webhook_url"], "rule.matched", data)]
    changed = site.ask("POST", f"/rules/{rule['id']}", "dora", json={"webhook_url": ""}).json()
    assert changed["webhook_url"] is None and changed["total"] == 1
