"""H4, M9: no cookie holds up the others, and those of other programs do not hide ours."""

from __future__ import annotations

import pytest

from sensevoice.access import COOKIE
from sensevoice.access.http.cookies import values_of
from tests.browser.program import Program
from tests.security.conftest import ask

FORWARDED = {"X_Forwarded_For": "192.0.2.1"}  # from elsewhere, so that the token is asked for

STRANGE = ['foo={"a":1}', "a[b]=1", "k=a b", "noval", "=", 'q="a;b"', "ü=ö", f"x{COOKIE}=no", "", "a=\x7f"]


@pytest.mark.parametrize("filler", ["\\", '\\"', "\\0", "a=b;"])
def test_large_headers_are_refused_at_once(program: Program, filler: str) -> None:
    cookie = f'{COOKIE}="{filler * (60_000 // len(filler))}"'
    answer = ask(program.port, "/sv/jobs", Cookie=cookie)
    assert answer.status in (400, 431), "the web server refuses what comes in parts"


def test_what_is_not_too_large_is_read_once(program: Program) -> None:
    cookie = f'{COOKIE}="' + "\\" * 15_000 + '"'
    assert ask(program.port, "/sv/jobs", Cookie=cookie, **FORWARDED).status == 401


@pytest.mark.parametrize("strange", STRANGE)
def test_cookies_of_others_are_passed_over(program: Program, strange: str) -> None:
    cookie = f"{strange}; {COOKIE}={program.token()}; z={{}}"
    assert ask(program.port, "/sv/jobs", Cookie=cookie, **FORWARDED).status == 200


def test_two_of_one_name() -> None:
    assert values_of(f'{COOKIE}=old; {COOKIE} = "new" ;x=1', COOKIE) == ["old", "new"]
