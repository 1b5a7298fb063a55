"""H3: behind a proxy on the same machine nobody is "this machine", whatever the proxy adds or leaves out."""

from __future__ import annotations

import pytest

from tests.browser.program import Program
from tests.security.conftest import Nginx, Start, ask

PUBLIC = ["/sv/jobs", "/sv/jobs/x/export", "/config", "/"]


@pytest.mark.parametrize(
    "more",
    [
        "",
        "proxy_set_header Host asr.public.example;",
        "proxy_set_header Host $host;",
        "proxy_set_header Host 203.0.113.5;",
        "proxy_set_header Host $host; proxy_http_version 1.1; proxy_set_header Connection '';",
    ],
)
def test_nginx_that_tells_nothing(program: Program, nginx: Nginx, more: str) -> None:
    port = nginx(f"location / {{ proxy_pass http://127.0.0.1:{program.port}; {more} }}")
    for path in PUBLIC:
        assert ask(port, path, Host="203.0.113.5").status in (401, 421)
    token = program.token()
    assert ask(port, "/sv/jobs", Host="203.0.113.5", Authorization=f"Bearer {token}").status == 200


@pytest.mark.parametrize(
    "options", [("--allow-host", "asr.public.example"), ("--trusted-proxy", "127.0.0.1")]
)
def test_with_a_proxy_configured_this_machine_needs_the_link_too(start: Start, options: list[str]) -> None:
    program = start(*options)
    for host in ("127.0.0.1", "localhost", "asr.public.example"):
        for path in PUBLIC:
            assert ask(program.port, path, Host=host).status == 401
        token = program.token()
        assert ask(program.port, "/sv/jobs", Host=host, Authorization=f"Bearer {token}").status == 200
    assert ask(program.port, "/sv/jobs/x", "PATCH", b'{"name":"x"}', Host="asr.public.example").status == 401


@pytest.mark.parametrize(
    "header", ["X_Cluster_Client_IP", "Ngrok_Trace_Id", "X_Amzn_Trace_Id", "X_Forwarded"]
)
def test_marks_of_proxies(program: Program, header: str) -> None:
    assert ask(program.port, "/sv/jobs").status == 200
    assert ask(program.port, "/sv/jobs", **{header: "127.0.0.1"}).status == 401
