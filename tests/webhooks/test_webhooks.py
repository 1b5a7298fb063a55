"""Webhooks, checked by the reference implementation of Standard Webhooks against a real server."""

from __future__ import annotations

import base64
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sensevoice.api.job_shapes import job_shape
from sensevoice.errors import BadRequest, JobNotFound, NotMedia, OptionError
from sensevoice.jobs import JobRunner
from sensevoice.webhooks import Targets, WebhookSender, kept_secret, messages
from sensevoice.webhooks.signing import key_of
from tests.api.site import Site, until
from tests.receiver import Receiver
from tests.ui.ui_script import CALL, Script, call, runner_of

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


class Hooked(Site):
    """The endpoint with webhooks to some hosts, and small pauses between the tries."""

    def __init__(
        self, script: Any, directory: Path, hosts: list[str], pauses_s: Any = (0.05,) * 3, runner: Any = None
    ) -> None:
        runner = runner or runner_of(script, directory)
        self.hooks = WebhookSender(runner, Targets(hosts), SECRET, partial(job_shape, runner), pauses_s)
        super().__init__(script, directory, runner, hooks=self.hooks)

    def close(self) -> None:
        self.hooks.close()
        self.runner.close()

    def webhook(self, job_id: str) -> Any:
        (told,) = self.get(f"/{job_id}")["webhooks"]
        return told


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Hooked]]:
    opened: list[Hooked] = []

    def site(script: Any, hosts: list[str], **more: Any) -> Hooked:
        opened.append(Hooked(script, tmp_path, hosts, **more))
        return opened[-1]

    yield site
    for each in opened:
        each.close()


def verified(received: tuple[str, dict[str, str], bytes]) -> Any:
    _, headers, content = received
    return Webhook(SECRET).verify(content, headers)


def test_the_end_of_a_job_is_told(make: Any, receiver: Receiver) -> None:
    site = make(Script(call()), [receiver.host])
    job_id = site.done(webhook_url=receiver.url)
    receiver.wait(1)
    told = verified(receiver.received[0])
    assert told["type"] == "job.completed" and told["timestamp"].endswith("Z")
    assert (told["data"]["id"], told["data"]["status"]) == (job_id, "completed")
    assert told["data"]["rows"] == len(CALL) and "webhooks" not in told["data"]
    path, headers, content = receiver.received[0]
    assert path == "/hook" and headers["Content-Type"].startswith("application/json")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(content + b" ", headers)
    told = until(lambda: (found := site.webhook(job_id))["status"] == "delivered" and found)
    assert (told["attempts"], told["error"], told["type"]) == (1, None, "job.completed")
    assert told["id"] == headers["webhook-id"]


def test_so_is_a_failure_and_a_cancelled_job(make: Any, receiver: Receiver) -> None:
    site = make(Script([NotMedia(path="call.wav")]), [receiver.host])
    site.done(webhook_url=receiver.url)
    receiver.wait(1)
    told = verified(receiver.received[0])
    assert told["type"] == "job.failed" and told["data"]["error"]["code"] == "not_media"


def test_a_cancelled_job_is_told(make: Any, receiver: Receiver) -> None:
    site = make(Script(call(), hold_after=2), [receiver.host])
    job_id = site.create(webhook_url=receiver.url).json()["id"]
    assert site.webhook(job_id)["status"] == "waiting"
    site.client.post(f"/v1/jobs/{job_id}/cancel")
    receiver.wait(1)
    assert verified(receiver.received[0])["type"] == "job.cancelled"


@pytest.mark.parametrize(
    ("given", "allowed", "refused"),
    [
        (
            ["hooks.example"],
            ["https://hooks.example/x?y=1", "https://HOOKS.example", "https://hooks.example:443/"],
            [
                *("http://hooks.example/", "https://hooks.example:8443/", "https://a.hooks.example/"),
                *("https://hooks.example.evil/", "https://hooks.example@evil/", "https://u:p@hooks.example/"),
                *("https://evil/?hooks.example", "ftp://hooks.example/", "//hooks.example/", "hooks.example"),
                *("https://hooks.example\\@evil/", "https:hooks.example", "https://", "", "x" * 5000),
                *("https://hooks.example:0x1bb/", "https://hooks.example\x00.evil/", "file:///etc/passwd"),
                *(
                    "https://127.0.0.1/",
                    "https://[::1]/",
                    "http://169.254.169.254/",
                    "https://hooks.example%2f",
                ),
            ],
        ),
        (
            ["a.example:8443,b.example"],
            ["https://a.example:8443/", "https://b.example/"],
            ["https://a.example/"],
        ),
        (["http://n8n:5678"], ["http://n8n:5678/webhook/1"], ["https://n8n:5678/", "http://n8n/"]),
        (["127.0.0.1:9000"], ["http://127.0.0.1:9000/", "https://127.0.0.1:9000/"], ["http://127.0.0.1/"]),
        (["[::1]:9000"], ["http://[::1]:9000/"], ["http://[::2]:9000/", "http://localhost:9000/"]),
        (["192.0.2.1"], ["https://192.0.2.1/"], ["http://192.0.2.1/"]),
        ([], [], ["https://127.0.0.1/"]),
    ],
)
def test_where_messages_may_go(given: list[str], allowed: list[str], refused: list[str]) -> None:
    targets = Targets(given)
    for url in allowed:
        targets.check(url)
    for url in refused:
        with pytest.raises(OptionError, match="webhook_url"):
            targets.check(url)


@pytest.mark.parametrize("given", ["ftp://x", "x/path", "https://u@x", "http://", "x?y", ":80", "a b"])
def test_what_is_no_host(given: str) -> None:
    with pytest.raises(OptionError, match="webhook-host"):
        Targets([given])


def test_a_host_that_was_not_named_is_refused_when_it_is_asked_for(make: Any, receiver: Receiver) -> None:
    site = make(Script(call()), ["hooks.example"])
    answer = site.create(webhook_url=receiver.url)
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "webhook_url"
    assert site.get()["data"] == []
    without = Site(Script(call()), site.recording.parent, site.runner)
    assert without.create(webhook_url=receiver.url).json()["error"]["param"] == "webhook_url"


def test_it_is_refused_too_when_it_is_sent(make: Any, receiver: Receiver) -> None:
    """The program may have been started anew with other hosts."""
    site = make(Script(call(), hold_after=1), [receiver.host])
    job_id = site.create(webhook_url=receiver.url).json()["id"]
    site.hooks._targets = Targets(["hooks.example"])
    site.client.post(f"/v1/jobs/{job_id}/cancel")
    told = until(lambda: (found := site.webhook(job_id))["status"] == "failed" and found)
    assert "webhook_url" in told["error"] and told["attempts"] == 1 and receiver.received == []


def test_a_redirection_is_not_followed(make: Any, receiver: Receiver) -> None:
    other = Receiver()
    receiver.answers = [(307, {"Location": other.url}, b"")]
    site = make(Script(call()), [receiver.host, other.host], pauses_s=())
    job_id = site.done(webhook_url=receiver.url)
    told = until(lambda: (found := site.webhook(job_id))["status"] == "failed" and found)
    assert told["error"] == "HTTP 307" and other.received == []
    other.close()


def test_it_is_tried_again_with_the_same_id(make: Any, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, b"no"), (503, {}, b""), (200, {}, b"yes")]
    site = make(Script(call()), [receiver.host])
    job_id = site.done(webhook_url=receiver.url)
    told = until(lambda: (found := site.webhook(job_id))["status"] == "delivered" and found)
    assert told["attempts"] == 3
    assert len({headers["webhook-id"] for _, headers, _ in receiver.received}) == 1
    assert len({content for *_, content in receiver.received}) == 1
    assert all(verified(each)["data"]["id"] == job_id for each in receiver.received)


def test_tries_end(make: Any, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, b"")]
    site = make(Script(call()), [receiver.host], pauses_s=(0.01, 0.01))
    job_id = site.done(webhook_url=receiver.url)
    told = until(lambda: (found := site.webhook(job_id))["status"] == "failed" and found)
    assert (told["attempts"], told["error"]) == (3, "HTTP 500") and told["ended_at"]
    assert site.get(f"/{job_id}")["status"] == "completed"


def test_who_wants_no_more_is_sent_no_more(make: Any, receiver: Receiver) -> None:
    receiver.answers = [(410, {}, b"")]
    site = make(Script(call()), [receiver.host])
    job_id = site.done(webhook_url=receiver.url)
    until(lambda: site.webhook(job_id)["status"] == "failed")
    assert site.webhook(job_id)["attempts"] == 1


def test_a_failing_hook_is_seen_in_its_job(make: Any) -> None:
    nobody = Receiver()
    nobody.close()
    site = make(Script(call()), [nobody.host], pauses_s=(3600.0,))
    job_id = site.done(webhook_url=nobody.url)
    told = until(lambda: (found := site.webhook(job_id))["attempts"] and found)
    assert told["status"] == "pending" and "Connect" in told["error"]
    assert told["next_attempt_at"] > time.time() + 3000


def test_tries_go_on_after_a_restart(make: Any, receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [(500, {}, b""), (200, {}, b"")]
    first = make(Script(call()), [receiver.host], pauses_s=(1.0,) * 3)
    job_id = first.done(webhook_url=receiver.url)
    until(lambda: first.webhook(job_id)["attempts"] == 1)
    first.close()
    again = make(Script(call()), [receiver.host])
    told = until(lambda: (found := again.webhook(job_id))["status"] == "delivered" and found)
    assert told["attempts"] == 2 and len(receiver.received) == 2


def test_a_job_that_ends_after_a_restart_is_told(make: Any, receiver: Receiver) -> None:
    script = Script(call(), hold_after=2)
    first = make(script, [receiver.host])
    job_id = first.create(webhook_url=receiver.url).json()["id"]
    first.close()
    make(Script(call()), [receiver.host])
    receiver.wait(1)
    assert verified(receiver.received[0])["data"]["id"] == job_id


def test_a_server_that_hangs_holds_up_no_job(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensevoice.webhooks.delivery.WHOLE_S", 0.3)
    hanging = Receiver(held=threading.Event())
    site = make(Script(call()), [hanging.host], pauses_s=())
    first = site.done(webhook_url=hanging.url)
    hanging.wait(1)
    second = site.done()
    assert site.get(f"/{second}")["status"] == "completed"
    told = until(lambda: (found := site.webhook(first))["status"] == "failed" and found)
    assert "Timeout" in told["error"]
    hanging.close()


def test_an_endless_answer_is_not_read(make: Any, receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b"x" * (32 << 20))]
    site = make(Script(call()), [receiver.host])
    job_id = site.done(webhook_url=receiver.url)
    until(lambda: site.webhook(job_id)["status"] == "delivered")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_over_https_only_to_whom_an_authority_knows(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    wanted = ["-subj", "/CN=hook", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *wanted, *files]
    subprocess.run(made, check=True, capture_output=True)
    receiver = Receiver(certificate=(certificate, key))
    site = make(Script(call()), [receiver.host], pauses_s=())
    url = f"https://{receiver.host}/hook"
    unknown = site.done(webhook_url=url)
    told = until(lambda: (found := site.webhook(unknown))["status"] == "failed" and found)
    assert "certificate" in told["error"].lower() and receiver.received == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    known = site.done(webhook_url=url)
    until(lambda: site.webhook(known)["status"] == "delivered")
    assert verified(receiver.received[0])["data"]["id"] == known
    receiver.close()


def test_a_deleted_job_takes_its_messages_along(make: Any, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, b"")]
    site = make(Script(call()), [receiver.host], pauses_s=(0.2,) * 9)
    job_id = site.done(webhook_url=receiver.url)
    receiver.wait(1)
    site.client.delete(f"/v1/jobs/{job_id}")
    until(lambda: not site.hooks._unsettled)
    assert not site.runner.store.folder(job_id).path.exists()


def test_other_features_send_messages_of_their_own(make: Any, receiver: Receiver) -> None:
    site = make(Script(call()), [receiver.host])
    job = site.runner.store.job(site.done())
    site.hooks.send(job, receiver.url, "rule.matched", {"rule": "退款", "rows": [1, 2]})
    receiver.wait(1)
    told = verified(receiver.received[0])
    assert (told["type"], told["data"]) == ("rule.matched", {"rule": "退款", "rows": [1, 2]})
    for kind in ("", "Rule matched", "x" * 65):
        with pytest.raises(BadRequest):
            site.hooks.send(job, receiver.url, kind, {})
    with pytest.raises(OptionError):
        site.hooks.send(job, "https://evil.example/", "rule.matched", {})
    site.runner.delete(job)
    with pytest.raises(JobNotFound):
        site.hooks.send(job, receiver.url, "rule.matched", {})


def test_messages_of_one_job_are_bounded(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensevoice.webhooks.sender.MAX_OF_A_JOB", 2)
    site = make(Script(call()), ["hooks.example"])
    job = site.runner.store.job(site.done())
    for _ in range(2):
        messages.write(
            site.runner.store.folder(job.id), messages.Message(job.id, "", "https://hooks.example/")
        )
    with pytest.raises(BadRequest):
        site.hooks.tell_of_end(job, "https://hooks.example/")


def test_a_damaged_message_costs_nothing_else(make: Any, receiver: Receiver, tmp_path: Path) -> None:
    first = make(Script(call()), [receiver.host], pauses_s=(1.0,))
    job_id = first.done(webhook_url=receiver.url)
    until(lambda: first.webhook(job_id)["status"] == "delivered")
    folder = first.runner.store.folder(job_id)
    for name, content in (("a", "{"), ("b", "[]"), ("c", '{"id": 1}')):
        (folder.webhooks / f"{name}.json").write_text(content)
    first.close()
    again = make(Script(call()), [receiver.host])
    assert len(again.get(f"/{job_id}")["webhooks"]) == 1


def test_the_secret_is_made_once_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "webhook-secret"
    secret = kept_secret(path)
    assert kept_secret(path) == secret and len(key_of(secret)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Webhook(secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!", "whsec_c2hvcnQ=", "bare", SECRET[6:]])
def test_what_is_no_secret(secret: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as refused:
        key_of(secret)
    assert len(secret) < 10 or secret not in str(refused.value)
    (tmp_path / "secret").write_text(secret)
    with pytest.raises(OptionError):
        kept_secret(tmp_path / "secret")


def test_the_sender_ends_when_it_is_closed(tmp_path: Path) -> None:
    runner: JobRunner = runner_of(Script(call()), tmp_path)
    hooks = WebhookSender(runner, Targets(["hooks.example"]), SECRET, partial(job_shape, runner))
    hooks.close()
    assert not hooks._thread.is_alive()
    runner.close()
