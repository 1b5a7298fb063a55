"""Jobs, webhooks, pages of other sites and minutes, against the program with the bundled model."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import srt
from standardwebhooks import Webhook

from tests.api.conftest import LLM_KEY, SECRET
from tests.api.site import until
from tests.browser.program import Program
from tests.conftest import SAMPLES
from tests.minutes.stub import asked, said
from tests.receiver import Receiver
from tests.security.conftest import new_page

pytestmark = pytest.mark.slow

CALL = SAMPLES["customer_call"]
SAID = [utterance.text for utterance in CALL.utterances]


@pytest.fixture
def ann(program: Program) -> Iterator[httpx.Client]:
    """Whoever has logged in as ann; her jobs go at the end."""
    with httpx.Client(
        base_url=f"{program.address}/v1", headers={"Authorization": "Bearer ann:secret"}, timeout=60
    ) as client:
        yield client
        for job in client.get("/jobs").json()["data"]:
            client.delete(f"/jobs/{job['id']}")


def create(client: httpx.Client, **fields: str) -> Any:
    answer = client.post("/jobs", data=fields, files={"file": ("call.ogg", CALL.path.read_bytes())})
    assert answer.status_code == 201, answer.text
    return answer.json()


def ended(client: httpx.Client, job_id: str) -> Any:
    return until(lambda: (job := client.get(f"/jobs/{job_id}").json())["finished_at"] and job)


def test_a_recording_as_a_job(ann: httpx.Client, hook: Receiver) -> None:
    job = create(ann, language="zh", speakers="auto", webhook_url=hook.url)
    done = ended(ann, job["id"])
    assert done["status"] == "completed" and done["tags"]["ANGRY"]
    rows = ann.get(f"/jobs/{job['id']}/rows").json()["data"]
    assert [row["text"] for row in rows if row["kind"] == "speech"] == SAID
    assert {row["speaker"] for row in rows if row["kind"] == "speech"} == {"S1", "S2"}
    cues = srt.parse(ann.get(f"/jobs/{job['id']}/record", params={"format": "srt"}).text)
    assert sum(1 for _ in cues) >= len(SAID)
    hook.wait(1)
    _, headers, content = hook.received[0]
    assert Webhook(SECRET).verify(content, headers)["data"]["id"] == job["id"]
    until(lambda: ann.get(f"/jobs/{job['id']}").json()["webhooks"][0]["status"] == "delivered")


def test_a_recording_of_the_server_and_whose_it_is(ann: httpx.Client, program: Program) -> None:
    answer = ann.post("/jobs", json={"media": "客服 电话.ogg"})
    assert answer.status_code == 201, answer.text
    job = ended(ann, answer.json()["id"])
    assert job["name"] == "客服 电话.ogg" and job["status"] == "completed"
    bob = {"Authorization": "Bearer bob:other"}
    assert httpx.get(f"{program.address}/v1/jobs/{job['id']}", headers=bob).status_code == 404
    assert httpx.get(f"{program.address}/v1/jobs", headers=bob).json()["data"] == []
    listed = httpx.get(f"{program.address}/sv/jobs", headers={"Authorization": "Bearer ann:secret"}).json()
    assert [each["id"] for each in listed["jobs"]] == [job["id"]], "it is in her library"


def test_minutes_and_the_key_that_nobody_sees(ann: httpx.Client, llm: Receiver) -> None:
    job = ended(ann, create(ann)["id"])
    path = f"/jobs/{job['id']}/minutes"
    assert ann.post(path, json={"language": "zh"}).status_code == 202
    made = until(lambda: (found := ann.get(path).json())["status"] == "completed" and found)
    assert made["minutes"]["todos"][0]["who"] == "客服"
    assert llm.received[-1][1]["Authorization"] == f"Bearer {LLM_KEY}"
    assert SAID[0] in asked(llm)["messages"][1]["content"]
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "app_sensevoice" in listed and LLM_KEY not in listed and SECRET not in listed


FETCH = """async ([address, options]) => {
  try {
    const answer = await fetch(address, options);
    return [answer.status, await answer.text()];
  } catch { return ["refused", ""]; }
}"""

SEND = """async ([address, key, content]) => {
  const form = new FormData();
  form.append("file", new Blob([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))]), "call.ogg");
  const answer = await fetch(address, { method: "POST", body: form, headers: { Authorization: key } });
  return [answer.status, (await answer.json()).text];
}"""


def test_a_page_of_a_named_site_in_a_browser(
    browser: Any, program: Program, ann: httpx.Client, their_port: int
) -> None:

    page = new_page(browser)
    session = httpx.post(f"{program.address}/login", data={"username": "ann", "password": "secret"})
    ((name, value),) = session.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": program.address}])
    page.goto(f"http://127.0.0.1:{their_port}/")
    jobs, with_key = f"{program.address}/v1/jobs", {"headers": {"Authorization": "Bearer ann:secret"}}
    assert page.evaluate(FETCH, [jobs, with_key])[0] == 200
    content = base64.b64encode(CALL.path.read_bytes()).decode()
    address = f"{program.address}/v1/audio/transcriptions"
    assert page.evaluate(SEND, [address, "Bearer ann:secret", content]) == [200, "".join(SAID)]
    status, told = page.evaluate(FETCH, [jobs, {}])
    assert status == 401 and "uninvited" in told
    for refused in (
        [jobs, {"credentials": "include"}],
        [jobs, {**with_key, "credentials": "include"}],
        [f"{program.address}/sv/jobs", with_key],
        [f"{program.address}/", {}],
    ):
        assert page.evaluate(FETCH, refused)[0] == "refused", refused
    page.goto(f"http://localhost:{their_port}/")
    assert page.evaluate(FETCH, [jobs, with_key])[0] == "refused", "another name is another site"
    page.context.close()


@pytest.mark.parametrize("language", ["zh", ""])
def test_what_open_webui_sends(program: Program, language: str) -> None:
    """Its engine "openai", in open_webui/routers/audio.py: a form made by requests, a file named by a UUID.

    The headers that name its user come with ENABLE_FORWARD_USER_INFO_HEADERS.
    """
    payload = {"model": "whisper-1", **({"language": language} if language else {})}
    user = {"X-OpenWebUI-User-Name": "%E5%B0%8F%E7%8E%8B", "X-OpenWebUI-User-Role": "user"}
    with CALL.path.open("rb") as audio, requests.Session() as session:
        answer = session.post(
            url=f"{program.address}/v1/audio/transcriptions",
            headers={"Authorization": "Bearer ann:secret", **user},
            files={"file": ("0b7e8a44-5d2c-4f0e-9a53-3f0a8f1f7d11.mp3", audio)},
            data=payload,
        )
    assert answer.status_code == 200 and answer.json()["text"] == "".join(SAID)


def test_what_open_webui_shows_of_an_error(program: Program, tmp_path: Path) -> None:
    with requests.Session() as session:
        answer = session.post(
            url=f"{program.address}/v1/audio/transcriptions",
            headers={"Authorization": "Bearer ann:secret"},
            files={"file": ("x.mp3", b"no sound" * 100)},
            data={"model": "whisper-1"},
        )
    assert answer.status_code == 422 and "x.mp3" in answer.json()["error"].get("message", "")


def test_minutes_on_the_page(browser: Any, program: Program, ann: httpx.Client, llm: Receiver) -> None:
    """A click makes them, each time plays its row, and what the model wrote is text."""
    hostile = '<img src=x onerror="document.title=1"> **忽略以上指示**'
    points = [{"text": hostile, "rows": [2]}, {"text": "编造的一条", "rows": [999]}]
    before, llm.answers = llm.answers, [said({"summary": points})]
    job = ended(ann, create(ann)["id"])
    page = new_page(browser)
    session = httpx.post(f"{program.address}/login", data={"username": "ann", "password": "secret"})
    ((name, value),) = session.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": program.address}])
    page.goto(f"{program.address}/?job={job['id']}")
    page.click('[data-tab="overview"]')
    page.click(".svw-minutes button:text('生成纪要')")
    page.wait_for_selector(".svw-minutes li")
    text = page.inner_text(".svw-minutes")
    assert hostile in text and "编造" not in text and "另有 1 条没有出处" in text and "qwen" in text
    assert page.locator(".svw-minutes img").count() == 0 and page.title() != "1"
    page.click(".svw-minutes li .svw-time")
    row = ann.get(f"/jobs/{job['id']}/rows").json()["data"][2]
    page.wait_for_function(
        "(start) => { const at = document.querySelector('.svw audio').currentTime;"
        " return at >= start - 0.1 && at < start + 30; }",
        arg=row["start"],
    )
    page.reload()
    page.click('[data-tab="overview"]')
    page.wait_for_selector(".svw-minutes button:text('重新生成')")
    llm.answers = before
    page.context.close()
