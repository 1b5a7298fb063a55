"""The environment is put in order before gradio and the hubs read it, and the user is told what changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sensevoice.runtime import environment

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any proxy; whatever `prepare` sets is taken back after the test."""
    for name in NAMES:
        for variable in (name, name.upper()):
            monkeypatch.setenv(variable, "")  # so that it is restored even when it did not exist
            monkeypatch.delenv(variable)
    for name in environment.SWITCHES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def no_proxy() -> set[str]:
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"]
    return set(os.environ["no_proxy"].split(","))


def test_without_a_proxy_nothing_is_said_and_only_the_switches_are_set() -> None:
    before = dict(os.environ)
    assert environment.prepare() == []
    assert dict(os.environ) == before | environment.SWITCHES


def test_nothing_is_told_to_anybody() -> None:
    environment.prepare()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_a_switch_that_the_user_set_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    environment.prepare()
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_with_a_proxy_loopback_goes_around_it(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    notices = environment.prepare()
    assert no_proxy() == {"localhost", "127.0.0.1"}
    assert os.environ[variable] == "http://proxy.example:3128"
    assert len(notices) == 1
    assert "NO_PROXY=localhost,127.0.0.1" in notices[0]
    assert "代理" in notices[0]


def test_other_exceptions_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "intern.example, 10.0.0.0/8")
    environment.prepare()
    assert no_proxy() == {"intern.example", "10.0.0.0/8", "localhost", "127.0.0.1"}


def test_an_address_in_brackets_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1,[::1],example.org")
    assert len(environment.prepare()) == 1
    assert no_proxy() == {"localhost", "127.0.0.1", "example.org"}


def test_exceptions_that_are_in_order_are_not_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert environment.prepare() == []


def test_no_proxy_at_all_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "*")
    assert environment.prepare() == []
    assert os.environ["no_proxy"] == "*"


@pytest.mark.parametrize("variable", ["all_proxy", "ALL_PROXY", "https_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "SOCKS4"])
def test_a_socks_proxy_that_nothing_here_can_use_is_left_out(
    monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:1080")
    notices = environment.prepare()
    assert variable not in os.environ
    assert any(variable in notice and "socksio" in notice and "已忽略" in notice for notice in notices)


def test_a_socks_proxy_stays_where_its_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    environment.prepare()
    assert os.environ["ALL_PROXY"] == "socks5://127.0.0.1:1080"


def test_a_second_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert environment.prepare()
    assert environment.prepare() == []


@pytest.mark.parametrize(
    "proxies",
    [
        {"all_proxy": "socks5://127.0.0.1:9"},
        {"http_proxy": "http://127.0.0.1:9", "no_proxy": "localhost,[::1]"},
    ],
    ids=["socks", "brackets"],
)
def test_gradio_can_be_imported_then(proxies: dict[str, str]) -> None:
    """In a fresh interpreter, because gradio builds its first client at import."""
    code = "from sensevoice.runtime import environment\nenvironment.prepare()\nimport gradio"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | proxies, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


class TestPlaceForCompiledCode:
    """numba keeps compiled code beside the source, in the user's cache, or for this run only."""

    @pytest.fixture(autouse=True)
    def read_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that it is restored even when it did not exist
        monkeypatch.delenv("NUMBA_CACHE_DIR")
        monkeypatch.setattr(os, "access", lambda path, mode: False)

    def test_in_the_users_cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        environment.prepare()
        assert Path(os.environ["NUMBA_CACHE_DIR"]).is_relative_to(tmp_path)
        assert Path(os.environ["NUMBA_CACHE_DIR"]).is_dir()

    def test_for_this_run_only(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        blocked = tmp_path / "a file"
        blocked.write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
        environment.prepare()
        folder = Path(os.environ["NUMBA_CACHE_DIR"])
        assert folder.is_dir()
        folder.rmdir()

    def test_what_the_user_set_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere")
        environment.prepare()
        assert os.environ["NUMBA_CACHE_DIR"] == "/somewhere"


def test_onnx_runtime_keeps_nothing_to_be_sent(tmp_path: Path) -> None:
    """Since 1.32 it wrote an identifier of the machine and a list of events, and sent them to Microsoft."""
    code = (
        "from sensevoice.models.loader import ModelSettings, load_recognizer\n"
        "load_recognizer(ModelSettings(demo=True, device='cpu'), self_test=False)\n"
    )
    variables = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": ""}
    variables.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=variables, cwd=ROOT, check=True, timeout=300)
    assert not list(tmp_path.rglob("*onnxruntime*")) and not list(tmp_path.rglob("Microsoft"))
