"""What works beside the jobs only if it was asked for, and the secrets that it needs."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensevoice.cli.app_arguments import argument_parser
from sensevoice.cli.features import Features
from sensevoice.errors import OptionError
from sensevoice.jobs import JobRunner
from sensevoice.runtime import environment
from tests.ui.ui_script import Script, call, runner_of

SECRET = "whsec_" + "QUJD" * 11


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[JobRunner]:
    opened = runner_of(Script(call()), tmp_path)
    yield opened
    opened.close()


def features(runner: Any, *arguments: str) -> Features:
    return Features.of(argument_parser().parse_args(arguments), runner, None)


def test_without_being_asked_for_there_is_nothing(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (environment.WEBHOOK_SECRET, environment.LLM_KEY):
        monkeypatch.setenv(name, "x")
    made = features(runner)
    assert (made.hooks, made.minutes) == (None, None)
    assert environment.WEBHOOK_SECRET not in os.environ and environment.LLM_KEY not in os.environ
    made.close()


def test_webhooks_have_a_secret_of_their_own_or_a_given_one(
    runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = runner.store.directory / "webhook-secret"
    monkeypatch.setenv(environment.WEBHOOK_SECRET, SECRET)
    made = features(runner, "--webhook-host", "n8n.example.org", "--webhook-host", "127.0.0.1:8000")
    made.hooks.check("http://127.0.0.1:8000/hook")
    made.close()
    assert not path.exists()
    features(runner, "--webhook-host", "n8n.example.org").close()
    assert path.read_text().startswith("whsec_") and stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setenv(environment.WEBHOOK_SECRET, "none")
    with pytest.raises(OptionError, match="webhook-secret"):
        features(runner, "--webhook-host", "n8n.example.org")


def test_a_language_model_and_its_key(runner: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = ("--llm-url", "http://127.0.0.1:11434/v1")
    key = tmp_path / "key"
    key.write_text("of a file\n")
    monkeypatch.setenv(environment.LLM_KEY, "of a variable")
    for more, expected in (((), "of a variable"), (("--llm-key-file", str(key)), "of a file")):
        made = features(runner, *url, "--llm-model", "qwen3:8b", *more)
        assert made.minutes._model.key == expected
        made.close()
    missing = ("--llm-model", "m", "--llm-key-file", "none")
    for wrong, option in (((), "llm-model"), (missing, "llm-key-file")):
        with pytest.raises(OptionError, match=option):
            features(runner, *url, *wrong)


def test_secrets_among_the_arguments_become_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append(arguments))
    given = ["python", "app.py", "--auth", "a:b", "--llm-key=k", "--auth=c:d", "--port", "1"]
    monkeypatch.setattr(sys, "orig_argv", given)
    for name in environment.HIDDEN.values():
        monkeypatch.setenv(name, "")
    environment.hide_secrets()
    assert started == [["python", "app.py", "--port", "1"]]
    assert (os.environ["SENSEVOICE_AUTH"], os.environ["SENSEVOICE_LLM_KEY"]) == ("a:b\nc:d", "k")
    monkeypatch.setattr(sys, "orig_argv", ["python", "app.py", "--llm-key-file", "x"])
    environment.hide_secrets()
    assert len(started) == 1
