"""Who may come in, and with what: the rules, the middleware, and a real app behind it."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.door import COOKIE, Door, Guard, Request
from sensevoice.door.rules import allowed_hosts
from sensevoice.door.slow import DELAY_S, FREE_TRIES, WITHIN_S, SlowDown
from sensevoice.ui import build_app, job_routes, launch_arguments, queue_arguments
from sensevoice.workdir import ENDED_S, WorkDirectory, remove_abandoned
from tests.conftest import ROOT
from tests.media import noise, write_wav
from tests.ui_script import CALL, SETTINGS, Script, call, runner_of

DOOR = Door(max_upload_mb=1, hosts=("asr.example.org",), token="right")


def asked(
    method: str = "GET", path: str = "/", query: str = "", address: str = "127.0.0.1", **headers: str
) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, address, {"host": "127.0.0.1:6006", **named})


def code(request: Request, door: Door = DOOR) -> str | None:
    refusal = door.refusal(request)
    return refusal.code if refusal else None


class TestVisitors:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    def test_from_the_machine_itself_as_through_a_tunnel(self, address: str) -> None:
        assert code(asked(address=address)) is None

    @pytest.mark.parametrize("address", ["10.0.0.7", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.7", "", "x"])
    def test_from_elsewhere_only_with_the_link(self, address: str) -> None:
        assert code(asked(address=address)) == "uninvited"
        assert code(asked(address=address, query="token=wrong")) == "uninvited"
        assert code(asked(address=address, query="job=1&token=right")) is None
        assert code(asked(address=address, cookie=f"a=b; {COOKIE}=right")) is None
        assert code(asked(address=address, authorization="Bearer right")) is None
        assert code(asked(address=address, cookie="=;;=broken\x00")) == "uninvited"

    @pytest.mark.parametrize(
        "header",
        [
            "x_forwarded_for",
            "x_forwarded_host",
            "x_forwarded_proto",
            "forwarded",
            "x_real_ip",
            "via",
            "cf_ray",
        ],
    )
    def test_through_a_proxy_nobody_is_from_the_machine_itself(self, header: str) -> None:
        assert code(asked(**{header: "127.0.0.1"})) == "uninvited"

    def test_with_a_login_gradio_asks(self) -> None:
        assert code(asked(address="10.0.0.7"), Door(1, login=True)) is None

    def test_open_lets_everybody_in(self) -> None:
        assert code(asked(address="10.0.0.7"), Door(1, open_to_all=True)) is None

    def test_the_token_is_new_each_time_and_long(self) -> None:
        tokens = {Door(1).token for _ in range(50)}
        assert len(tokens) == 50 and all(len(token) >= 24 for token in tokens)


class TestNames:
    @pytest.mark.parametrize(
        "host",
        [
            *("localhost", "localhost:6006", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]:6006"),
            *("192.168.1.5:6006", "asr.example.org", socket.gethostname()),
        ],
    )
    def test_names_that_mean_this_machine(self, host: str) -> None:
        assert code(asked(host=host)) is None

    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "asr.example.org.evil", "", "[", "a b"]
    )
    def test_a_name_that_was_pointed_here(self, host: str) -> None:
        assert code(asked(host=host)) == "unknown_host"

    @pytest.mark.parametrize("door", [Door(1, login=True), Door(1, open_to_all=True)])
    def test_neither_a_login_nor_an_open_door_makes_a_name_ours(self, door: Door) -> None:
        assert code(asked(address="10.0.0.7"), door) is None
        assert code(asked(host="evil.example"), door) == "unknown_host"

    def test_the_link_is_good_under_any_name(self) -> None:
        assert code(asked(host="u1234.cloud.example", query="token=right")) is None

    def test_names_may_come_with_commas(self) -> None:
        assert allowed_hosts(["A.example, b.example", "c"]) == ("a.example", "b.example", "c")


class TestOtherSites:
    @pytest.mark.parametrize(
        "origin",
        ["http://evil.example", "null", "http://127.0.0.1:7000", "https://x@evil", "file://", "http://["],
    )
    def test_what_another_page_sends(self, origin: str) -> None:
        assert code(asked("POST", origin=origin)) == "bad_origin"
        assert code(asked("DELETE", origin=origin), Door(1, open_to_all=True)) == "bad_origin"

    def test_what_our_page_sends(self) -> None:
        assert code(asked("POST", origin="http://127.0.0.1:6006")) is None
        assert code(asked("POST")) is None, "programs send no origin"
        assert code(asked("POST", origin="https://asr.example.org")) is None
        assert code(asked("GET", origin="http://evil.example")) is None


class TestPathsAndSizes:
    @pytest.mark.parametrize(
        "path",
        [
            "/gradio_api/file=https://example.org/a.wav",
            "/gradio_api/file=http://169.254.169.254/",
            "/gradio_api/file=https%3A//example.org",
            "/gradio_api/file=https%253A//example.org",
            "/gradio_api/proxy=http://127.0.0.1:1/",
            "/proxy%3Dhttps://x.hf.space/",
        ],
    )
    def test_nothing_is_fetched_for_anybody(self, path: str) -> None:
        assert code(asked(path=path)) == "forbidden"

    def test_a_file_of_ours_is_none_of_that(self) -> None:
        assert code(asked(path="/gradio_api/file=/tmp/x/https.wav")) is None

    @pytest.mark.parametrize("length", [str(DOOR.max_body_bytes + 1), "9" * 30, "-1", "x"])
    def test_a_body_that_is_too_large(self, length: str) -> None:
        assert code(asked("POST", content_length=length)) == "too_big"

    def test_one_that_is_not(self) -> None:
        assert code(asked("POST", content_length=str(DOOR.max_body_bytes))) is None


def test_the_first_wrong_tries_are_free_then_each_waits() -> None:
    now_s = [0.0]
    slow = SlowDown(lambda: now_s[0])
    for _ in range(FREE_TRIES):
        assert slow.delay_s("a") == 0.0
        slow.wrong("a")
    assert slow.delay_s("a") == DELAY_S >= 1.0 and slow.delay_s("b") == 0.0
    now_s[0] = WITHIN_S + 1
    assert slow.delay_s("a") == 0.0


class Site:
    """A little app behind the middleware, and what it slept."""

    def __init__(self, door: Door, uploads: Path, min_free_bytes: int = 0) -> None:
        self.slept: list[float] = []

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        async def answer(request: Any) -> PlainTextResponse:
            await request.body()
            wrong = request.url.path == "/login"
            return PlainTextResponse(
                "wrong" if wrong else f"query={request.url.query}", 400 if wrong else 200
            )

        guard = functools.partial(
            Guard,
            door=door,
            uploads=uploads,
            min_free_bytes=min_free_bytes,
            slow_down=SlowDown(sleep=sleep),
        )

        async def fail(request: Any) -> None:
            raise OSError(24, "Too many open files")

        paths = ("/", "/login", "/gradio_api/upload")
        routes = [Route("/failing", fail)] + [Route(path, answer, methods=["GET", "POST"]) for path in paths]
        app = Starlette(routes=routes, middleware=[Middleware(guard)])
        self.client = TestClient(
            app, base_url="http://127.0.0.1:6006", client=("10.0.0.7", 5), follow_redirects=False
        )


class TestMiddleware:
    def test_an_unexpected_error_is_a_sentence_with_a_number(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = Site(Door(1, open_to_all=True), tmp_path).client.get("/failing")
        reference = answer.json()["en"].partition("reference ")[2][:8]
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert reference in answer.json()["zh"] and reference in caplog.text
        assert "Too many open files" in caplog.text and "Too many" not in answer.text

    def test_the_link_becomes_a_cookie_and_leaves_the_address(self, tmp_path: Path) -> None:
        site = Site(DOOR, tmp_path)
        response = site.client.get("/?job=5&token=right", headers={"Accept": "text/html,*/*"})
        assert response.status_code == 303 and response.headers["location"] == "?job=5"
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie
        assert site.client.get("/?job=5").text == "query=job=5"
        site.client.cookies.clear()
        assert site.client.get("/?x=1&token=right").text == "query=x=1&token=right", "a program"

    def test_the_uninvited_read_what_to_do_in_both_languages(self, tmp_path: Path) -> None:
        site = Site(DOOR, tmp_path)
        page = site.client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 401 and "token" in page.text and "SSH 隧道" in page.text
        answer = site.client.get("/").json()
        assert answer["code"] == "uninvited" and "SSH" in answer["en"] and "right" not in str(answer)

    def test_a_name_in_the_host_header_is_shown_as_text(self, tmp_path: Path) -> None:
        site = Site(Door(1), tmp_path)
        site.client = TestClient(site.client.app, client=("127.0.0.1", 5))
        page = site.client.get("/", headers={"Host": "<b>x", "Accept": "text/html"})
        assert page.status_code == 421 and "<b>x" not in page.text

    def test_guessing_takes_its_time(self, tmp_path: Path) -> None:
        site = Site(DOOR, tmp_path)
        for number in range(FREE_TRIES + 3):
            assert site.client.get(f"/?token=guess{number}").status_code == 401
        assert site.slept == [DELAY_S] * 3

    def test_so_does_guessing_in_a_cookie(self, tmp_path: Path) -> None:
        site = Site(DOOR, tmp_path)
        for number in range(FREE_TRIES + 2):
            headers = {"Cookie": f"{COOKIE}=guess{number}"}
            assert site.client.get("/", headers=headers).status_code == 401
        assert site.slept == [DELAY_S] * 2

    def test_a_hundred_guesses_at_once_take_turns(self, tmp_path: Path) -> None:
        site = Site(Door(1, login=True), tmp_path)

        async def guess_all() -> None:
            transport = httpx.ASGITransport(app=site.client.app, client=("10.0.0.7", 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:6006") as client:
                await asyncio.gather(*(client.post("/login") for _ in range(100)))

        with ThreadPoolExecutor(1) as pool:  # in this thread the browser's tests leave a loop running
            pool.submit(asyncio.run, guess_all()).result()
        assert site.slept == [DELAY_S] * (100 - FREE_TRIES)

    def test_so_does_guessing_passwords(self, tmp_path: Path) -> None:
        site = Site(Door(1, login=True), tmp_path)
        for _ in range(FREE_TRIES + 2):
            assert site.client.post("/login").status_code == 400
        assert site.slept == [DELAY_S] * 2

    def test_a_body_without_a_length_is_counted_as_it_comes(self, tmp_path: Path) -> None:
        site = Site(Door(0, open_to_all=True), tmp_path)

        def body() -> Iterator[bytes]:
            for _ in range(40):
                yield bytes(1 << 20)

        assert site.client.post("/gradio_api/upload", content=body()).status_code == 413

    def test_an_upload_without_a_length_does_not_fill_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sensevoice.door.guard.DISK_CHECK_BYTES", 1 << 20)
        site = Site(Door(100, open_to_all=True), tmp_path, min_free_bytes=1 << 30)
        left = iter([2 << 30])  # enough before it begins
        monkeypatch.setattr(
            "sensevoice.door.guard.shutil.disk_usage", lambda _: SimpleNamespace(free=next(left, 1 << 20))
        )

        def body() -> Iterator[bytes]:
            for _ in range(20):
                yield bytes(1 << 20)

        answer = site.client.post("/gradio_api/upload", content=body())
        assert answer.status_code == 507

    def test_no_upload_when_the_disk_is_nearly_full(self, tmp_path: Path) -> None:
        full = Site(Door(1, open_to_all=True), tmp_path, min_free_bytes=1 << 60)
        answer = full.client.post("/gradio_api/upload", content=b"x")
        assert answer.status_code == 507 and "GB" in answer.json()["zh"]
        assert full.client.get("/").status_code == 200


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Script, Path]]:
    """(address, script, folder of uploads) of a launched app behind the door."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    script = Script(call())
    runner = runner_of(script, tmp_path)
    app = build_app(runner, SETTINGS)
    guard = functools.partial(Guard, door=Door(4, token="right"), uploads=uploads, min_free_bytes=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app.queue(**queue_arguments()).launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        **launch_arguments(SETTINGS, job_routes(runner, lambda *_: [], lambda *_: []), guard),
    )
    yield f"http://127.0.0.1:{port}", script, uploads
    app.close(verbose=False)
    runner.close()
    asyncio.set_event_loop(None)
    gc.collect()  # what gradio leaves open is to be found here and not in the middle of another test


def raw(url: str, method: str, path: str, headers: dict[str, str]) -> bytes:
    """Send a request as it is, without a client's tidying up, and return the answer."""
    host, port = url.removeprefix("http://").split(":")
    lines = {"Host": "127.0.0.1", "Connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


real_app = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:'future.no_silent_downcasting' is deprecated",
    "ignore:The copy keyword is deprecated",
)


@real_app
class TestRealApp:
    def test_page_upload_and_api_work_through_the_tunnel(self, live: Any, tmp_path: Path) -> None:
        url, _, _ = live
        assert "gradio" in httpx.get(url).text
        audio = handle_file(write_wav(tmp_path / "a.wav", noise(1, -20)))
        record = Client(url, verbose=False).predict(audio=audio, api_name="/transcribe")
        assert len(record["segments"]) == len(CALL)

    def test_with_the_token_a_client_comes_in_from_elsewhere(self, live: Any, tmp_path: Path) -> None:
        url, _, _ = live
        headers = {"X-Forwarded-For": "192.0.2.1"}
        with pytest.raises((ValueError, AppError, httpx.HTTPError)):
            Client(url, verbose=False, headers=headers)
        invited = Client(url, verbose=False, headers={**headers, "Authorization": "Bearer right"})
        audio = handle_file(write_wav(tmp_path / "a.wav", noise(1, -20)))
        assert invited.predict(audio=audio, api_name="/transcribe")["segments"]

    @pytest.mark.parametrize(
        "method, path, headers, status",
        [
            ("GET", "/", {"Host": "evil.example"}, 421),
            ("GET", "/", {"X-Forwarded-For": "127.0.0.1"}, 401),
            ("GET", "/sv/jobs", {"X-Forwarded-For": "127.0.0.1"}, 401),
            ("POST", "/gradio_api/upload", {"Origin": "http://evil.example"}, 403),
            ("POST", "/gradio_api/upload", {"Origin": "null"}, 403),
            ("POST", "/gradio_api/upload", {"Content-Length": str(1 << 40)}, 413),
            ("DELETE", "/sv/jobs/x", {"Origin": "http://evil.example"}, 403),
            ("GET", "/gradio_api/file=https://example.org/", {}, 403),
            ("GET", "/gradio_api/proxy=http://127.0.0.1:1/", {}, 403),
            ("GET", "/gradio_api/file=/etc/passwd", {}, 403),
            ("GET", f"/gradio_api/file={quote(str(ROOT))}/app_sensevoice.py", {}, 403),
            (
                "GET",
                f"/gradio_api/file={quote(str(ROOT))}/sensevoice/demo/sensevoice-small/model.pt",
                {},
                403,
            ),
            ("GET", "/gradio_api/file=../../../etc/passwd", {}, 403),
            ("GET", "/gradio_api/file=/proc/self/environ", {}, 403),
        ],
    )
    def test_what_is_turned_away(
        self, live: Any, method: str, path: str, headers: dict[str, str], status: int
    ) -> None:
        url, script, _ = live
        assert raw(url, method, path, headers).startswith(f"HTTP/1.1 {status} ".encode())
        assert script.runs == []

    @pytest.mark.parametrize(
        "path", ["/sv/static/../routes.py", "/sv/static/%2e%2e/routes.py", "/static/../../etc/passwd"]
    )
    def test_static_files_stay_in_their_folder(self, live: Any, path: str) -> None:
        answer = raw(live[0], "GET", path, {})
        assert b" 40" in answer.splitlines()[0] and b"JobRoutes" not in answer and b"root:" not in answer

    def test_uploads_that_are_broken_off_leave_nothing_after_a_sweep(
        self, live: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL + 1, "uvicorn.error")  # what is captured would hold the files open
        url, _, uploads = live
        host, port = url.removeprefix("http://").split(":")
        head = (
            "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            'Content-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        )
        for _ in range(50):
            with socket.create_connection((host, int(port)), timeout=10) as raw:
                raw.sendall(head.encode() + bytes(200_000))
        deadline_s = time.monotonic() + 20
        while (
            len([path for path in uploads.rglob("*") if path.is_file()]) < 50
            and time.monotonic() < deadline_s
        ):
            time.sleep(0.05)
        directory = WorkDirectory.__new__(WorkDirectory)
        directory.keep(tuple)
        directory.path = uploads
        deadline_s = time.monotonic() + 20  # the last of them may still be noticed
        while left := [path for path in uploads.rglob("*") if path.is_file()]:
            assert time.monotonic() < deadline_s, left
            directory.sweep(now_s=time.time() + ENDED_S + 60)
            time.sleep(0.05)
        assert httpx.get(url).status_code == 200


class TestWorkDirectory:
    def test_it_is_for_this_user_alone_and_goes_at_the_end(self, tmp_path: Path) -> None:
        directory = WorkDirectory(tmp_path / "up")
        assert directory.path.stat().st_mode & 0o077 == 0
        (directory.path / "x").mkdir()
        directory.close()
        assert not directory.path.exists()

    def test_what_a_killed_process_left_goes_at_the_next_start(self, tmp_path: Path) -> None:
        program = (
            f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\n"
            "from sensevoice.workdir import WorkDirectory\n"
            "directory = WorkDirectory(Path(sys.argv[1]))\n"
            "(directory.path / 'upload').write_bytes(bytes(1000))\n"
            "print(directory.path, flush=True)\ntime.sleep(60)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        remove_abandoned(tmp_path)
        assert left.exists(), "it still runs"
        process.kill()
        process.communicate()
        directory = WorkDirectory(tmp_path)
        assert not left.exists() and directory.path.exists()
        directory.close()

    def test_a_folder_that_others_can_write_to_is_closed_to_them(self, tmp_path: Path) -> None:
        parent = tmp_path / "up"
        parent.mkdir(mode=0o777)
        parent.chmod(0o777)
        WorkDirectory(parent).close()
        assert parent.stat().st_mode & 0o077 == 0

    def test_a_link_where_the_folder_should_be_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "theirs").mkdir()
        (tmp_path / "up").symlink_to(tmp_path / "theirs")
        directory = WorkDirectory(tmp_path / "up")
        assert not directory.path.is_relative_to(tmp_path / "up")
        directory.close()
        assert list((tmp_path / "theirs").iterdir()) == []

    def test_only_what_was_broken_off_is_swept(self, tmp_path: Path) -> None:
        directory = WorkDirectory(tmp_path)
        fresh, old, kept = (directory.path / name for name in ("tmpnew", "tmpold", "hash"))
        for path in (fresh, old):
            path.write_bytes(b"x")
        kept.mkdir()
        (kept / "a.wav").write_bytes(b"x")
        for path in (old, kept):
            os.utime(path, (0, 0))
        assert directory.sweep() == 1
        assert fresh.exists() and kept.exists() and not old.exists()
        directory.close()
