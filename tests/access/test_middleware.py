"""Who may come in, and with what: the rules, the middleware, and a real app behind it."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
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
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.access import COOKIE, USER, AccessMiddleware, AccessPolicy, Accounts, Login, Request
from sensevoice.access.accounts import hash_password, is_right
from sensevoice.access.origins import allowed_hosts
from sensevoice.access.sessions import IDLE_S, Sessions
from sensevoice.access.throttle import DELAY_S, FREE_TRIES, WITHIN_S, LoginThrottle
from sensevoice.errors import OptionError
from sensevoice.ui import build_app, job_routes, launch_arguments, queue_arguments
from sensevoice.ui.upload_folder import ABORTED_S, WorkDirectory, remove_abandoned
from tests.conftest import ROOT
from tests.media import noise, write_wav
from tests.ui.ui_script import CALL, SETTINGS, Script, call, runner_of

POLICY = AccessPolicy(max_upload_mb=1, hosts=("asr.example.org",), token="right")


def asked(
    method: str = "GET", path: str = "", query: str = "", address: str = "127.0.0.1", **headers: str
) -> Request:
    path = path or {"GET": "/", "POST": "/gradio_api/upload"}.get(method, "/sv/jobs/x")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, address, {"host": "127.0.0.1:6006", **named})


def code(request: Request, policy: AccessPolicy = POLICY) -> str | None:
    refusal = policy.refusal(request)
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
            "x_forwarded",
            "x_cluster_client_ip",
            "fastly_client_ip",
            "x_original_forwarded_for",
            "fly_client_ip",
            "x_azure_clientip",
            "x_envoy_external_address",
            "x_remote_ip",
            "client_ip",
            "x_originating_ip",
            "x_scheme",
            "x_amzn_trace_id",
            "ngrok_trace_id",
        ],
    )
    def test_through_a_proxy_nobody_is_from_the_machine_itself(self, header: str) -> None:
        assert code(asked(**{header: "127.0.0.1"})) == "uninvited"

    def test_nor_does_one_that_leaves_only_its_old_http_make_them_so(self) -> None:
        request = Request("GET", "/", "", "127.0.0.1", {"host": "127.0.0.1:6006"}, http_version="1.0")
        assert code(request) == "uninvited"

    @pytest.mark.parametrize("host", ["192.168.1.5:6006", socket.gethostname(), "0.0.0.0:6006"])
    def test_without_a_link_only_under_a_loopback_name(self, host: str) -> None:
        assert code(asked(host=host)) == "uninvited", "a proxy may pass on the name it was asked for"
        assert code(asked(host=host, query="token=right")) is None

    def test_where_a_proxy_is_configured_everybody_needs_the_link(self) -> None:
        policy = AccessPolicy(1, hosts=("asr.example.org",), proxied=True, token="right")
        for host in ("127.0.0.1:6006", "localhost", "asr.example.org"):
            assert code(asked(host=host), policy) == "uninvited"
            assert code(asked(host=host, query="token=right"), policy) is None

    def test_with_a_login_everybody_is_asked_for_it(self) -> None:
        assert code(asked(address="10.0.0.7"), AccessPolicy(1, login=True)) is None

    def test_open_lets_everybody_in(self) -> None:
        assert code(asked(address="10.0.0.7"), AccessPolicy(1, open_to_all=True)) is None

    def test_the_token_is_new_each_time_and_long(self) -> None:
        tokens = {AccessPolicy(1).token for _ in range(50)}
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
        policy = AccessPolicy(1, open_to_all=True, hosts=("asr.example.org",))
        assert code(asked(host=host), policy) is None

    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "asr.example.org.evil", "", "[", "a b"]
    )
    def test_a_name_that_was_pointed_here(self, host: str) -> None:
        assert code(asked(host=host)) == "unknown_host"

    @pytest.mark.parametrize("policy", [AccessPolicy(1, login=True), AccessPolicy(1, open_to_all=True)])
    def test_neither_a_login_nor_an_open_door_makes_a_name_ours(self, policy: AccessPolicy) -> None:
        assert code(asked(address="10.0.0.7"), policy) is None
        assert code(asked(host="evil.example"), policy) == "unknown_host"

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
        assert code(asked("DELETE", origin=origin), AccessPolicy(1, open_to_all=True)) == "bad_origin"

    def test_what_our_page_sends(self) -> None:
        assert code(asked("POST", origin="http://127.0.0.1:6006")) is None
        assert code(asked("POST")) is None, "programs send no origin"
        assert code(asked("POST", origin="https://asr.example.org")) is None
        named = asked("POST", host="ASR.example.org", origin="https://asr.example.org")
        assert code(named, AccessPolicy(1, login=True, hosts=("asr.example.org",))) is None
        assert code(asked(sec_fetch_site="same-origin")) is None
        assert code(asked(sec_fetch_site="none", sec_fetch_mode="navigate")) is None

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "http://localhost:8888", "https://asr.example.org:8443"]
    )
    def test_another_page_does_not_even_read(self, method: str, origin: str) -> None:
        assert code(asked(method, "/sv/jobs", host="localhost:6006", origin=origin)) == "bad_origin"

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_nor_does_an_element_of_another_page(self, site: str) -> None:
        assert code(asked(path="/sv/jobs/x/audio", sec_fetch_site=site)) == "bad_origin"
        link = {"sec_fetch_site": site, "sec_fetch_mode": "navigate"}
        assert code(asked(**link, sec_fetch_dest="document")) is None, "a link to the page"
        assert code(asked(**link, sec_fetch_dest="iframe")) == "bad_origin"
        assert code(asked(path="/sv/jobs/x/export", **link, sec_fetch_dest="document")) == "bad_origin"

    def test_a_port_may_be_allowed_with_its_name(self) -> None:
        policy = AccessPolicy(1, hosts=("asr.example.org:8443",), open_to_all=True)
        assert code(asked("POST", origin="https://asr.example.org:8443"), policy) is None
        assert code(asked("POST", origin="https://asr.example.org"), policy) == "bad_origin"
        assert code(asked(host="asr.example.org"), policy) is None


class TestPathsAndSizes:
    @pytest.mark.parametrize(
        "path",
        [
            "/gradio_api/file=https://example.org/a.wav",
            "/gradio_api/file=http://169.254.169.254/",
            "/gradio_api/file=https%3A//example.org",
            "/gradio_api/file=https%253A//example.org",
            "/gradio_api/file=%2F%2Fexample.org",
            "/gradio_api/file=file:/etc/passwd",
            "/gradio_api/file=../../etc/passwd",
        ],
    )
    def test_nothing_is_fetched_for_anybody(self, path: str) -> None:
        assert code(asked(path=path)) == "forbidden"

    @pytest.mark.parametrize(
        "path",
        ["/gradio_api/proxy=http://127.0.0.1:1/", "/proxy%3Dhttps://x.hf.space/", "/gradio_api/file/x", "/x"],
    )
    def test_what_nobody_needs_is_not_there(self, path: str) -> None:
        assert code(asked(path=path)) == "no_such_address"

    @pytest.mark.parametrize(
        "path, status",
        [("/asr", None), ("/asr/", None), ("/asr/config", None), ("/config", None), ("/asrx", 404)],
    )
    def test_the_prefix_of_a_proxy_may_be_there_or_not(self, path: str, status: int | None) -> None:
        refusal = POLICY.refusal(Request("GET", path, "", "127.0.0.1", {"host": "127.0.0.1"}, "/asr"))
        assert (refusal and refusal.http_status) == status

    def test_a_file_of_ours_is_none_of_that(self) -> None:
        assert code(asked(path="/gradio_api/file=/tmp/x/https.wav")) is None

    @pytest.mark.parametrize("length", [str(POLICY.max_body_bytes + 1), "9" * 30, "9" * 5000, "-1", "x", "²"])
    def test_a_body_that_is_too_large(self, length: str) -> None:
        assert code(asked("POST", content_length=length)) == "too_big"

    def test_only_uploads_may_be_large(self) -> None:
        for path in ("/gradio_api/queue/join", "/login", "/sv/jobs/x/undo", "/gradio_api/cancel"):
            assert code(asked("POST", path, content_length=str(1 << 20))) is None
            assert code(asked("POST", path, content_length=str((1 << 20) + 1))) == "body_too_big"

    def test_one_that_is_not(self) -> None:
        assert code(asked("POST", content_length=str(POLICY.max_body_bytes))) is None


def test_the_first_wrong_tries_are_free_then_each_waits() -> None:
    now_s = [0.0]
    slow = LoginThrottle(lambda: now_s[0])
    for _ in range(FREE_TRIES):
        assert slow.delay_s("a") == 0.0
        slow.wrong("a")
    assert slow.delay_s("a") == DELAY_S >= 1.0 and slow.delay_s("b") == 0.0
    now_s[0] = WITHIN_S + 1
    assert slow.delay_s("a") == 0.0


class Site:
    """A little app behind the middleware, and what it slept."""

    def __init__(
        self, policy: AccessPolicy, uploads: Path, min_free_bytes: int = 0, accounts: Accounts | None = None
    ) -> None:
        self.slept: list[float] = []
        self.seen: list[Any] = []

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            await asyncio.sleep(0)

        async def answer(request: Any) -> PlainTextResponse:
            await request.body()
            self.seen.append(request)
            return PlainTextResponse(f"query={request.url.query}")

        guard = functools.partial(
            AccessMiddleware,
            policy=policy,
            uploads=uploads,
            min_free_bytes=min_free_bytes,
            login=accounts and Login(accounts, "session"),
            throttle=LoginThrottle(sleep=sleep),
        )

        async def fail(request: Any) -> None:
            raise OSError(24, "Too many open files")

        async def stream(request: Any) -> StreamingResponse:
            async def events() -> AsyncIterator[str]:
                while not await request.is_disconnected():
                    yield "data: x\n\n"
                    await asyncio.sleep(0)

            return StreamingResponse(events(), media_type="text/event-stream")

        async def break_off(request: Any) -> StreamingResponse:
            async def half() -> AsyncIterator[str]:
                yield "half"
                raise HTTPException(404)

            return StreamingResponse(half())

        paths = ("/", "/gradio_api/upload", "/gradio_api/queue/join")
        routes = [
            Route("/sv/failing", fail),
            Route("/sv/breaking", break_off),
            Route("/gradio_api/queue/data", stream),
        ] + [Route(path, answer, methods=["GET", "POST"]) for path in paths]
        app = Starlette(routes=routes, middleware=[Middleware(guard)])
        self.client = TestClient(
            app, base_url="http://127.0.0.1:6006", client=("10.0.0.7", 5), follow_redirects=False
        )

    def log_in(self, user: str, password: str, **headers: str) -> httpx.Response:
        return self.client.post("/login", data={"username": user, "password": password}, headers=headers)


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return Accounts(["anna:a secret", "bert:another: one"])


LOGIN_DOOR = AccessPolicy(1, login=True)


class TestLogins:
    def test_nothing_is_reached_before(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        for path in ("/", "/gradio_api/upload", "/sv/failing"):
            answer = site.client.get(path) if path != "/gradio_api/upload" else site.client.post(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "login_needed")
        assert site.seen == []

    def test_each_is_who_he_says(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        for user, password in (("anna", "a secret"), ("bert", "another: one")):
            answer = site.log_in(user, password)
            assert answer.status_code == 200 and answer.json() == {"success": True}
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie
            assert site.client.get("/").status_code == 200
            assert site.seen[-1].scope[USER] == user

    def test_what_is_wrong(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        for user, password in (("anna", "another: one"), ("", ""), ("carl", "a secret"), ("anna", "")):
            answer = site.log_in(user, password)
            assert (answer.status_code, answer.json()["code"]) == (401, "login_wrong")
        assert site.client.get("/").status_code == 401

    def test_the_page_bears_the_product_s_name_in_both_languages(
        self, tmp_path: Path, accounts: Accounts
    ) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        page = site.client.get('/?job=5&x="><b>', headers={"Accept": "text/html"})
        assert page.status_code == 401 and "frame-ancestors 'none'" in page.headers["content-security-policy"]
        for words in ("SenseVoice 语音转写", "SenseVoice transcripts", "用户名 · User name", "登录 · Log in"):
            assert words in page.text
        assert "<b>" not in page.text

    def test_a_person_goes_on_to_what_was_asked_for(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        form = {"username": "anna", "password": "a secret", "query": "job=5\r\nX: y//evil.example"}
        answer = site.client.post("/login", data=form, headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/?job=5%0D%0AX%3A%20y%2F%2Fevil.example"

    def test_logging_out_ends_one_s_own_session(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        kept = site.log_in("anna", "a secret").cookies["session"]
        site.client.cookies.clear()
        mine = site.log_in("anna", "a secret").cookies["session"]
        assert site.client.get("/logout").status_code == 404, "a picture of another page could ask for it"
        assert site.client.post("/logout").status_code == 200
        site.client.cookies.clear()
        ask = [
            site.client.get("/", headers={"Cookie": f"session={each}"}).status_code for each in (mine, kept)
        ]
        assert ask == [401, 200]

    def test_nothing_behind_the_door_sees_cookies_or_tokens(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        site.log_in("anna", "a secret")
        site.client.get("/", headers={"Authorization": "Bearer x"})
        assert not {"cookie", "authorization"} & set(site.seen[-1].headers)

    def test_a_file_of_logins_can_change(self, tmp_path: Path) -> None:
        file = tmp_path / "logins"
        file.write_text(f"# people\n\nanna:{hash_password('one')}\n")
        site = Site(LOGIN_DOOR, tmp_path, accounts=Accounts(file=file))
        assert site.log_in("anna", "one").status_code == 200 and site.client.get("/").status_code == 200
        file.write_text(f"bert:{hash_password('two')}\n")
        os.utime(file, ns=(1, 1))
        assert site.client.get("/").status_code == 401, "anna was removed"
        assert site.log_in("bert", "two").status_code == 200

    @pytest.mark.parametrize(
        "line", ["anna", "anna:secret", "a b:scrypt$1$1$1$aa$aa", "anna:scrypt$x$8$1$a$b"]
    )
    def test_a_line_that_is_no_login_is_named(self, tmp_path: Path, line: str) -> None:
        (tmp_path / "logins").write_text(f"\n{line}\n")
        with pytest.raises(OptionError, match="2 行"):
            Accounts(file=tmp_path / "logins")
        with pytest.raises(OptionError):
            Accounts(file=tmp_path / "none")

    @pytest.mark.parametrize("given", ["secret", "me:", ":secret", "/transcribe:x", "a b:c", "\x1b:c"])
    def test_a_login_that_is_none_is_not_repeated(self, given: str) -> None:
        with pytest.raises(OptionError) as caught:
            Accounts([given])
        assert "secret" not in str(caught.value)

    def test_hashes_are_salted(self) -> None:
        first, second = hash_password("pä ss"), hash_password("pä ss")
        assert first != second and is_right("pä ss", first) and is_right("pä ss", second)
        assert not is_right("pass", first) and not is_right("x", "no hash")

    def test_a_session_that_nobody_uses_ends(self) -> None:
        now_s = [0.0]
        sessions = Sessions(lambda: now_s[0])
        used, idle = sessions.open("anna"), sessions.open("anna")
        for now_s[0] in (IDLE_S - 1, 2 * IDLE_S - 2):
            assert sessions.user_of(used) == "anna"
        assert sessions.user_of(idle) is None and sessions.user_of("") is None


class TestMiddleware:
    def test_an_unexpected_error_is_a_sentence_with_a_number(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = Site(AccessPolicy(1, open_to_all=True), tmp_path).client.get("/sv/failing")
        reference = answer.json()["en"].partition("reference ")[2][:8]
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert reference in answer.json()["zh"] and reference in caplog.text
        assert "Too many open files" in caplog.text and "Too many" not in answer.text

    def test_half_an_answer_does_not_end_as_if_it_were_whole(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="already started"):
            Site(AccessPolicy(1, open_to_all=True), tmp_path).client.get("/sv/breaking")

    def test_who_leaves_before_the_request_is_read_is_no_error(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A page that is closed while its events begin: the first that is heard of it is that it left."""
        site = Site(AccessPolicy(1, open_to_all=True), tmp_path)

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            await asyncio.sleep(0)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/gradio_api/queue/data",
            "raw_path": b"/gradio_api/queue/data",
            "root_path": "",
            "query_string": b"session_hash=x",
            "headers": [(b"host", b"127.0.0.1:6006")],
            "client": ("10.0.0.7", 5),
        }
        asyncio.run(asyncio.wait_for(site.client.app(scope, receive, send), 10.0))
        assert not [each for each in caplog.records if each.levelname == "ERROR"], caplog.text

    def test_the_link_becomes_a_cookie_and_leaves_the_address(self, tmp_path: Path) -> None:
        site = Site(POLICY, tmp_path)
        response = site.client.get("/?job=5&token=right", headers={"Accept": "text/html,*/*"})
        assert response.status_code == 303 and response.headers["location"] == "?job=5"
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie
        assert site.client.get("/?job=5").text == "query=job=5"
        site.client.cookies.clear()
        assert site.client.get("/?x=1&token=right").text == "query=x=1&token=right", "a program"

    def test_the_uninvited_read_what_to_do_in_both_languages(self, tmp_path: Path) -> None:
        site = Site(POLICY, tmp_path)
        page = site.client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 401 and "token" in page.text and "SSH 隧道" in page.text
        answer = site.client.get("/").json()
        assert answer["code"] == "uninvited" and "SSH" in answer["en"] and "right" not in str(answer)

    def test_a_name_in_the_host_header_is_shown_as_text(self, tmp_path: Path) -> None:
        site = Site(AccessPolicy(1), tmp_path)
        site.client = TestClient(site.client.app, client=("127.0.0.1", 5))
        page = site.client.get("/", headers={"Host": "<b>x", "Accept": "text/html"})
        assert page.status_code == 421 and "<b>x" not in page.text

    def test_guessing_takes_its_time(self, tmp_path: Path) -> None:
        site = Site(POLICY, tmp_path)
        for number in range(FREE_TRIES + 3):
            assert site.client.get(f"/?token=guess{number}").status_code == 401
        assert site.slept == [DELAY_S] * 3

    def test_so_does_guessing_in_a_cookie(self, tmp_path: Path) -> None:
        site = Site(POLICY, tmp_path)
        for number in range(FREE_TRIES + 2):
            headers = {"Cookie": f"{COOKIE}=guess{number}"}
            assert site.client.get("/", headers=headers).status_code == 401
        assert site.slept == [DELAY_S] * 2

    def test_what_is_right_does_not_wait_for_what_is_wrong(self, tmp_path: Path) -> None:
        site = Site(POLICY, tmp_path)
        for number in range(FREE_TRIES + 1):
            site.client.get(f"/?token=guess{number}")
        site.slept.clear()
        for _ in range(20):
            assert site.client.get("/?token=right").status_code == 200
        assert site.slept == []

    def test_so_does_guessing_passwords(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        for _ in range(FREE_TRIES + 2):
            assert site.log_in("anna", "wrong").status_code == 401
        assert site.slept == [DELAY_S] * 2
        assert site.log_in("bert", "another: one").status_code == 200 and site.slept == [DELAY_S] * 2
        for number in range(FREE_TRIES + 1):  # names that nobody has count as one
            site.log_in(f"nobody{number}", "wrong")
        assert site.slept == [DELAY_S] * 3

    def test_a_hundred_guesses_at_once_take_turns(self, tmp_path: Path, accounts: Accounts) -> None:
        site = Site(LOGIN_DOOR, tmp_path, accounts=accounts)
        wrong = {"username": "anna", "password": "wrong"}

        async def guess_all() -> list[int]:
            transport = httpx.ASGITransport(app=site.client.app, client=("10.0.0.7", 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:6006") as client:
                answers = await asyncio.gather(*(client.post("/login", data=wrong) for _ in range(100)))
            return [answer.status_code for answer in answers]

        with ThreadPoolExecutor(1) as pool:  # in this thread the browser's tests leave a loop running
            data = pool.submit(asyncio.run, guess_all()).result()
        assert set(data) == {401, 429} and data.count(401) < 100 / 2
        assert site.slept == [DELAY_S] * (data.count(401) - FREE_TRIES)

    def test_a_body_without_a_length_is_counted_as_it_comes(self, tmp_path: Path) -> None:
        site = Site(AccessPolicy(0, open_to_all=True), tmp_path)

        def body() -> Iterator[bytes]:
            for _ in range(40):
                yield bytes(1 << 20)

        for path in ("/gradio_api/upload", "/gradio_api/queue/join"):
            assert site.client.post(path, content=body()).status_code == 413
        assert site.seen == []

    def test_an_upload_without_a_length_does_not_fill_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sensevoice.access.middleware.DISK_CHECK_BYTES", 1 << 20)
        site = Site(AccessPolicy(100, open_to_all=True), tmp_path, min_free_bytes=1 << 30)
        left = iter([2 << 30])  # enough before it begins
        monkeypatch.setattr(
            "sensevoice.access.middleware.shutil.disk_usage",
            lambda _: SimpleNamespace(free=next(left, 1 << 20)),
        )

        def body() -> Iterator[bytes]:
            for _ in range(20):
                yield bytes(1 << 20)

        answer = site.client.post("/gradio_api/upload", content=body())
        assert answer.status_code == 507

    def test_no_upload_when_the_disk_is_nearly_full(self, tmp_path: Path) -> None:
        full = Site(AccessPolicy(1, open_to_all=True), tmp_path, min_free_bytes=1 << 60)
        answer = full.client.post("/gradio_api/upload", content=b"x")
        assert answer.status_code == 507 and "GB" in answer.json()["zh"]
        assert full.client.get("/").status_code == 200


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Script, Path]]:
    """(address, script, folder of uploads) of a launched app behind the policy."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    script = Script(call())
    runner = runner_of(script, tmp_path)
    app = build_app(runner, SETTINGS)
    guard = functools.partial(
        AccessMiddleware, policy=AccessPolicy(4, token="right"), uploads=uploads, min_free_bytes=0
    )
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
            ("GET", "/gradio_api/proxy=http://127.0.0.1:1/", {}, 404),
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

    def test_the_events_of_a_session_that_is_gone_end_without_a_word_in_the_log(
        self, live: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A page that is left while it asks for something opens the stream of the session it has closed."""
        answer = httpx.get(f"{live[0]}/gradio_api/queue/data?session_hash=gone")
        assert '"session_not_found":true' in answer.text
        assert caplog.messages == []

    @pytest.mark.parametrize(
        "path", ["/sv/static/../routes.py", "/sv/static/%2e%2e/routes.py", "/static/../../etc/passwd"]
    )
    def test_static_files_stay_in_their_folder(self, live: Any, path: str) -> None:
        answer = raw(live[0], "GET", path, {})
        assert b" 40" in answer.splitlines()[0] and b"JobRoutes" not in answer and b"root:" not in answer

    def test_uploads_that_are_broken_off_leave_nothing_after_a_sweep(self, live: Any, tmp_path: Path) -> None:
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
        directory.sweep(now_s=time.time() + ABORTED_S + 60)
        assert [path for path in uploads.rglob("*") if path.is_file()] == []
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
            "from sensevoice.ui.upload_folder import WorkDirectory\n"
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
