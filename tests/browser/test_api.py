"""The named endpoint, called as a script would call it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from sensevoice.errors import NoAudioTrack
from sensevoice.formats import RenderOptions, to_dict
from sensevoice.ui.api import uploaded
from tests.ui.ui_script import CALL, SETTINGS, Script, call, transcript

Connect = Callable[[Script], Client]


@pytest.fixture
def connect(live_app: Any, tmp_path: Path) -> Iterator[Connect]:
    clients: list[Client] = []

    def to(script: Script) -> Client:
        client = Client(live_app(script, SETTINGS), verbose=False, download_files=str(tmp_path / "client"))
        clients.append(client)
        return client

    yield to
    for client in clients:
        client.close()


@pytest.fixture
def media(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    path.write_bytes(b"RIFF")
    return path


def test_an_uploaded_file_gives_the_record(connect: Connect, media: Path) -> None:
    script = Script(call())
    record = connect(script).predict(audio=handle_file(media), language="auto", api_name="/transcribe")
    assert record == json.loads(json.dumps(to_dict(transcript(), RenderOptions())))
    assert len(record["segments"]) == len(CALL)
    assert script.runs[0][1] == SETTINGS.options


def test_settings_are_named_parameters(connect: Connect, media: Path) -> None:
    script = Script(call())
    connect(script).predict(
        audio=handle_file(media),
        language="yue",
        use_itn=False,
        merge_length_s=5,
        channel="split",
        api_name="/transcribe",
    )
    options = script.runs[0][1]
    assert (options.language, options.use_itn, options.merge_length_s, options.channel) == (
        "yue",
        False,
        5.0,
        "split",
    )


def test_it_is_the_only_endpoint(connect: Connect) -> None:
    api = connect(Script(call())).view_api(return_format="dict", print_info=False)
    assert list(api["named_endpoints"]) == ["/transcribe"]
    assert api["unnamed_endpoints"] == {}


def test_errors_come_in_both_languages(connect: Connect, media: Path) -> None:
    error = NoAudioTrack(path="call.mkv")
    with pytest.raises(AppError) as caught:
        connect(Script([error])).predict(audio=handle_file(media), api_name="/transcribe")
    assert error.message("zh") in str(caught.value) and error.message("en") in str(caught.value)


def test_a_bad_setting_is_named(connect: Connect, media: Path) -> None:
    with pytest.raises(AppError, match="channel"):
        connect(Script(call())).predict(audio=handle_file(media), channel="middle", api_name="/transcribe")


def test_an_unexpected_exception_tells_only_a_number(connect: Connect, media: Path) -> None:
    with pytest.raises(AppError, match=r"[0-9a-f]{8}") as caught:
        connect(Script([KeyError("/srv/secret")])).predict(audio=handle_file(media), api_name="/transcribe")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "audio",
    [
        "/etc/hostname",
        {"path": "/etc/hostname"},
        {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}},
        {"path": "../../../../etc/hostname", "meta": {"_type": "gradio.FileData"}},
        [{"path": "/etc/hostname"}],
        None,
    ],
)
def test_a_path_on_the_server_is_refused(live_app: Any, audio: Any) -> None:
    """Over plain HTTP, because gradio_client would upload the caller's own file instead."""
    script = Script(call())
    url = live_app(script, SETTINGS) + "/gradio_api/call/transcribe"
    event = httpx.post(url, json={"data": [audio]}).json()["event_id"]
    answer = httpx.get(f"{url}/{event}", timeout=20).text
    assert answer.startswith("event: error")
    assert "/etc" not in answer
    assert script.runs == []


def test_a_caller_that_leaves_ends_its_job(live_app: Any, media: Path) -> None:
    script = Script(call(), hold_after=2)
    address = live_app(script, SETTINGS)
    sent = {"files": ("call.wav", media.read_bytes())}
    (path,) = httpx.post(f"{address}/gradio_api/upload", files=sent, timeout=60).json()
    audio = {"path": path, "meta": {"_type": "gradio.FileData"}}
    info = httpx.get(f"{address}/gradio_api/info", timeout=60).json()["named_endpoints"]["/transcribe"]
    defaults = [each["parameter_default"] for each in info["parameters"][1:]]
    url = f"{address}/gradio_api/call/transcribe"
    event = httpx.post(url, json={"data": [audio, *defaults]}, timeout=60).json()["event_id"]
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/{event}", timeout=httpx.Timeout(30, read=1.0))
    deadline_s = time.monotonic() + 30
    while not script.closed and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert script.closed == 1
    (runner,) = live_app.runners
    while runner.store.jobs("/transcribe") and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert runner.store.jobs("/transcribe") == []


def test_a_file_of_another_upload_folder_is_refused(tmp_path: Path) -> None:
    cache, other = tmp_path / "cache", tmp_path / "cache-2"
    for folder in (cache, other):
        folder.mkdir()
        (folder / "a.wav").write_bytes(b"RIFF")
    (cache / "link.wav").symlink_to(other / "a.wav")
    assert uploaded({"path": str(cache / "a.wav")}, cache) == cache / "a.wav"
    for path in (other / "a.wav", cache / "link.wav", cache / "missing.wav", cache):
        with pytest.raises(gr.Error, match="handle_file"):
            uploaded({"path": str(path)}, cache)
