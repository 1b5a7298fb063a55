"""The search and its rules as the library asks for them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.transcribe.pipeline import cut
from sensevoice.ui import job_routes
from tests.formats.test_tables import read_csv
from tests.search.site import LoggedIn, SearchSite
from tests.ui.ui_script import CALL


class Site(SearchSite):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        app = Starlette(routes=job_routes(self.runner, lambda *_: [], cut, search=self.search))
        self.client = TestClient(LoggedIn(app), raise_server_exceptions=False)
        self.fill(directory)
        self.call, self.meeting, self.his = self.jobs

    def ask(self, method: str, path: str, user: str = "ann", **more: Any) -> Any:
        return self.client.request(method, f"/sv/{path}", headers={"X-User": user}, **more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = Site(tmp_path_factory.mktemp("search"))
    yield opened
    opened.close()


def test_rows_of_all_recordings(site: Site) -> None:
    answer = site.ask("GET", "search", params={"q": "我 -没有", "order": "score", "labels": "zh"}).json()
    assert (answer["rows"], answer["recordings"], answer["words"]) == (2, 1, ["我"])
    first = answer["hits"][0]
    assert first["job"] == site.call and first["start_ms"] == CALL[first["row"]].span.start_ms
    assert answer["progress"] == {"done": 2, "total": 2}
    assert [each["text"] for each in (first["before"], first["after"])]
    assert (
        site.ask("GET", "search", params={"q": "我", "offset": 1, "limit": 1}).json()["hits"][0]["row"] == 3
    )


def test_what_cannot_be_read_is_a_sentence(site: Site) -> None:
    for line in ("", "情绪:饿"):
        answer = site.ask("GET", "search", params={"q": line})
        assert answer.status_code == 200 and {"zh", "en"} == set(answer.json()["problem"]), "somebody types"
    for query in ({"q": "x", "order": "oldest"}, {"q": "x", "offset": "x"}):
        answer = site.ask("GET", "search", params=query)
        assert answer.status_code == 400 and {"code", "zh", "en"} <= set(answer.json())


def test_rules_come_with_the_list_of_recordings(site: Site) -> None:
    made = site.ask("POST", "rules", json={"query": "几天", "name": "急"}).json()
    (rule,) = made["rules"]
    listed = site.ask("GET", "jobs").json()
    assert listed["rules"] == [rule] and listed["shared"] is False and len(listed["jobs"]) == 2
    assert (rule["rows"], rule["recordings"]) == (1, {site.call: 1})
    table = read_csv(site.ask("GET", f"several/csv?jobs={site.meeting},{site.call}").text)
    assert [row[-1] for row in table] == ["急", "0", "1"]
    content = site.ask("GET", f"several/xlsx?jobs={site.meeting},{site.call}").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [row[-1] for row in sheet.values] == ["急", 0, 1]
    assert (
        site.ask("GET", "rules", "bert").json()["rules"]
        == site.ask("GET", "jobs", "bert").json()["rules"]
        == []
    )
    assert site.ask("DELETE", f"rules/{rule['id']}", "bert", json={}).status_code == 404
    assert site.ask("PATCH", f"rules/{rule['id']}", json={"name": "慢"}).json()["rules"][0]["name"] == "慢"
    assert site.ask("DELETE", f"rules/{rule['id']}", json={}).json()["rules"] == []
    assert site.ask("POST", "rules", json={"query": "“没关"}).status_code == 400


def test_two_owners_never_see_each_other(site: Site) -> None:
    for line in ("发货", "-没有", "longer:0", "文件:wav", "情绪:愤怒"):
        for user, own in (("ann", {site.call, site.meeting}), ("bert", {site.his}), ("carl", set())):
            answer = site.ask("GET", "search", user, params={"q": line}).json()
            assert {hit["job"] for hit in answer["hits"]} <= own and answer["recordings"] <= len(own)
