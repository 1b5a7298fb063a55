"""L1, M8, L8, and what can be seen from beside: files, the list of processes, uploads that end, streams."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from sensevoice.access.accounts import Accounts
from sensevoice.cli.startup import close_to_others
from sensevoice.runtime.environment import take_option
from tests.browser.program import Program
from tests.conftest import ROOT, SAMPLES
from tests.security.conftest import Start, ask, gradio_leaks

pytestmark = gradio_leaks  # so does its client

SAMPLE = SAMPLES["customer_call"].path
TWO = ("--auth", "anna:secret", "--auth", "bert:hidden")


def files_of(program: Program) -> list[Path]:
    """Return what the program keeps: jobs, and in gradio's folder what was uploaded."""
    kept = [program.directory / "data", *(program.directory / "data").rglob("*")]
    for handle in Path(f"/proc/{program.inner_pid()}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            folder = Path(os.readlink(handle)).parent
            if folder.name.startswith("run-"):
                kept += [folder, *folder.rglob("*")]
    return list(dict.fromkeys(kept))


def upload(address: str) -> str:
    with SAMPLE.open("rb") as sample:
        answer = httpx.post(f"{address}/gradio_api/upload", files={"files": ("通话.ogg", sample)}, timeout=60)
    assert answer.status_code == 200
    return str(answer.json()[0])


def transcribe(program: Program) -> None:
    client = Client(program.address, verbose=False, httpx_kwargs={"timeout": 60})
    assert client.predict(audio=handle_file(SAMPLE), api_name="/transcribe")["segments"]
    client.close()


def test_nobody_else_on_the_machine_reads_what_is_kept(program: Program) -> None:
    program.wait()
    uploaded = upload(program.address)
    transcribe(program)
    kept = files_of(program)
    data = program.directory / "data"
    assert Path(uploaded) in kept and data / "jobs" in kept
    assert any(path.is_file() and path.is_relative_to(data) for path in kept)
    for path in kept:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_data_directory_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    tmp_path.chmod(0o755)
    close_to_others(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    other = tmp_path / "other"
    other.mkdir(0o755)
    (other / "something").touch()
    close_to_others(other)
    assert stat.S_IMODE(other.stat().st_mode) == 0o755, "not ours"


def test_no_password_is_in_the_list_of_processes(start: Start) -> None:
    program = start(*TWO)
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    assert str(program.process.pid) in listed and "app_sensevoice" in listed
    assert "anna:secret" not in listed and "bert:hidden" not in listed
    environment = Path(f"/proc/{program.inner_pid()}/environ")
    assert stat.S_IMODE(environment.stat().st_mode) & 0o077 == 0


def test_the_arguments_of_the_second_start() -> None:
    given = [
        "python",
        "app.py",
        "--auth",
        "a:b",
        "--port",
        "1",
        "--auth=c:--auth",
        "--auth-file",
        "x",
        "--auth",
    ]
    rest = ["python", "app.py", "--port", "1", "--auth-file", "x"]
    assert take_option(given[:-1], "--auth") == (["a:b", "c:--auth"], rest)
    assert take_option(["--auth-file", "x"], "--auth") == ([], ["--auth-file", "x"])


def test_logs_name_no_file(program: Program, tmp_path: Path) -> None:
    program.wait()
    upload(program.address)
    transcribe(program)
    broken = tmp_path / "张三的来电.mp3"
    broken.write_bytes(os.urandom(5_000))
    cut = tmp_path / "李四的来电.ogg"
    cut.write_bytes(SAMPLE.read_bytes()[:60_000])
    client = Client(program.address, verbose=False, httpx_kwargs={"timeout": 60})
    for path in (broken, cut):
        with contextlib.suppress(Exception):  # what is said of it is for whoever sent it
            client.predict(audio=handle_file(path), api_name="/transcribe")
        with path.open("rb") as file:
            httpx.post(f"{program.address}/v1/audio/transcriptions", files={"file": file}, timeout=60)
    client.close()
    printed = program.output()
    assert not [name for name in (SAMPLE.stem, "通话", "来电", "张三", "李四") if name in printed]


def test_an_upload_that_is_broken_off_goes_with_its_connection(program: Program) -> None:
    before = len([path for path in files_of(program) if path.is_file()])
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
    )
    connections = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", program.port), timeout=30)
        connection.sendall(head.encode() + bytes(200_000))
        connections.append(connection)
    wait_for(lambda: len([path for path in files_of(program) if path.is_file()]) >= before + 20)
    for connection in connections:
        connection.close()
    wait_for(lambda: len([path for path in files_of(program) if path.is_file()]) <= before)
    assert ask(program.port, "/sv/jobs").status == 200


def wait_for(condition: object) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s
        time.sleep(0.2)


def test_a_stream_is_for_whoever_began_it(start: Start) -> None:
    program = start(*TWO)
    anna, bert = (httpx.Client(base_url=program.address, timeout=60) for _ in range(2))
    for client, user, password in ((anna, "anna", "secret"), (bert, "bert", "hidden")):
        assert client.post("/login", data={"username": user, "password": password}).status_code == 200
    body = {"session_hash": "hers", "event_id": "x", "fn_index": 0}
    assert anna.post("/gradio_api/cancel", json=body).status_code == 200
    assert bert.post("/gradio_api/cancel", json=body).status_code == 404
    for path in ("/gradio_api/queue/data?session_hash=hers", "/gradio_api/heartbeat/hers"):
        assert bert.get(path).status_code == 404
    assert bert.post("/gradio_api/cancel", json={**body, "session_hash": "his"}).status_code == 200
    anna.close()
    bert.close()


class TestPasswd:
    def run(self, *arguments: object, password: str = "long enough") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ROOT / "scripts/passwd.py", *map(str, arguments)]
        return subprocess.run(command, input=password + "\n", capture_output=True, text=True)

    def test_it_sets_changes_and_removes(self, tmp_path: Path) -> None:
        file = tmp_path / "logins"
        assert (
            self.run(file, "anna").returncode == 0
            and self.run(file, "bert", password="密码密码密码密码").returncode == 0
        )
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and "long enough" not in file.read_text()
        accounts = Accounts(file=file)
        assert accounts.check("anna", "long enough") and accounts.check("bert", "密码密码密码密码")
        assert self.run(file, "anna", password="another one").returncode == 0
        assert accounts.check("anna", "another one") and not accounts.check("anna", "long enough")
        assert self.run(file, "anna", "--remove").returncode == 0
        assert not accounts.knows("anna") and accounts.knows("bert")

    @pytest.mark.parametrize(
        "user, password", [("a b", "long enough"), ("a:b", "long enough"), ("anna", "short")]
    )
    def test_what_it_refuses(self, tmp_path: Path, user: str, password: str) -> None:
        done = self.run(tmp_path / "logins", user, password=password)
        assert done.returncode == 2 and "Traceback" not in done.stderr and not (tmp_path / "logins").exists()

    def test_the_program_takes_its_file(self, start: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
        file = tmp_path_factory.mktemp("logins") / "logins"
        assert self.run(file, "anna").returncode == 0
        program = start("--auth-file", str(file))
        form = {"username": "anna", "password": "long enough"}
        assert httpx.post(f"{program.address}/login", data=form, timeout=60).status_code == 200
        assert Client(program.address, auth=("anna", "long enough"), verbose=False).view_api(
            return_format="dict"
        )
