"""Starting: what is printed, and every way it can fail, each one sentence in both languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensevoice.access import AccessPolicy
from sensevoice.cli import startup
from sensevoice.errors import DeviceUnavailable, OptionError, PortTaken, StartupError
from sensevoice.models.device import resolve_device
from sensevoice.models.loader import ModelSettings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app_sensevoice.py"
DEMO = ROOT / "sensevoice" / "demo"
DEAD_PROXY = "http://127.0.0.1:9"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program until it ends by itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SENSEVOICE_")}
    return subprocess.run(
        [sys.executable, APP, *map(str, arguments)],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def check_sentence(done: subprocess.CompletedProcess[str], exit_code: int, *parts: str) -> None:
    """The last line of stderr says it, in Chinese and then in English, and nothing else went wrong."""
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    sentence = done.stderr.strip().splitlines()[-1]
    assert re.search("[\u4e00-\u9fff].*[。）] / [A-Za-z]", sentence), sentence
    for part in parts:
        assert part in sentence


class TestPort:
    def test_a_free_port(self, free_port: int) -> None:
        startup.check_port("127.0.0.1", free_port)
        startup.check_port("0.0.0.0", free_port)

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
    def test_a_taken_port(self, taken_port: int, host: str) -> None:
        with pytest.raises(PortTaken) as caught:
            startup.check_port(host, taken_port)
        for language in ("zh", "en"):
            assert str(taken_port) in caught.value.message(language)
            assert "--port" in caught.value.message(language)

    @pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
    def test_a_number_that_is_no_port(self, port: int) -> None:
        with pytest.raises(OptionError, match="65535"):
            startup.check_port("127.0.0.1", port)

    @pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
    def test_an_address_that_is_not_of_this_machine(self, free_port: int, host: str) -> None:
        with pytest.raises(StartupError, match=host) as caught:
            startup.check_port(host, free_port)
        assert not isinstance(caught.value, PortTaken)


class TestDevice:
    @pytest.fixture
    def no_cuda(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    @pytest.fixture
    def one_cuda(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    def test_auto_without_cuda(self, no_cuda: None) -> None:
        assert resolve_device("auto") == "cpu"

    def test_auto_with_cuda(self, one_cuda: None) -> None:
        assert resolve_device("auto") == "cuda:0"

    @pytest.mark.parametrize("device", ["cuda", "cuda:0"])
    def test_cuda_by_name(self, one_cuda: None, device: str) -> None:
        assert resolve_device(device) == "cuda:0"

    @pytest.mark.parametrize("device", ["cuda", "cuda:0"])
    def test_cuda_that_is_not_there(self, no_cuda: None, device: str) -> None:
        with pytest.raises(DeviceUnavailable) as caught:
            resolve_device(device)
        for language in ("zh", "en"):
            assert device in caught.value.message(language)
            assert "--device cpu" in caught.value.message(language)

    def test_a_second_cuda_that_is_not_there(self, one_cuda: None) -> None:
        with pytest.raises(DeviceUnavailable, match="cuda:1"):
            resolve_device("cuda:1")

    @pytest.mark.parametrize(
        "device",
        [
            "gpu",
            "cpu:0",
            "mps",
            "xpu",
            "meta",
            "cuda:",
            "cuda:x",
            "",
            "cpu,cuda:0",
            "cuda,cuda:0",
            "cuda:0,",
            "cuda:all,cuda:0",
        ],
    )
    def test_what_nothing_here_was_made_for_is_refused_by_name(self, device: str) -> None:
        with pytest.raises(DeviceUnavailable) as caught:
            resolve_device(device)
        for language in ("zh", "en"):
            assert device in caught.value.message(language)
            assert "--device cpu" in caught.value.message(language)


class TestPrinted:
    def test_versions_and_device(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        startup.announce_versions()
        startup.load(ModelSettings(demo=True))
        printed = capsys.readouterr().out
        for name in ("SenseVoice", "Python", "torch", "funasr", "gradio", "ready in .*"):
            assert re.search(rf"{name} \d+\.\d+", printed)
        assert "no CUDA device found" in printed
        assert "没有找到 CUDA" in printed

    @pytest.mark.parametrize(
        ("host", "address"), [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.5", "10.0.0.5")]
    )
    def test_the_address_to_open_and_the_tunnel_to_paste(
        self, capsys: pytest.CaptureFixture[str], host: str, address: str
    ) -> None:
        startup.announce_address(host, 6006, "/asr", AccessPolicy(10, login=True))
        printed = capsys.readouterr().out
        assert f"http://{address}:6006/asr\n" in printed
        assert re.search(r"ssh -L 6006:127\.0\.0\.1:6006 -p \S+.*@", printed)
        assert "warning" not in printed

    @pytest.mark.parametrize(
        ("host", "login", "open_to_all", "warned", "invited"),
        [
            ("0.0.0.0", False, False, False, True),
            ("0.0.0.0", True, False, False, False),
            ("0.0.0.0", False, True, True, False),
            ("127.0.0.1", False, False, False, False),
        ],
    )
    def test_who_else_may_come_in(
        self,
        capsys: pytest.CaptureFixture[str],
        host: str,
        login: bool,
        open_to_all: bool,
        warned: bool,
        invited: bool,
    ) -> None:
        policy = AccessPolicy(10, login, open_to_all)
        startup.announce_address(host, 6006, "", policy)
        printed = capsys.readouterr().out
        assert ("warning / 警告" in printed) == warned
        assert (f"/?token={policy.token}" in printed) == invited

    def test_a_user_without_a_name(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nameless() -> str:
            raise KeyError("getpwuid(): uid not found: 4711")

        monkeypatch.setattr(startup.getpass, "getuser", nameless)
        startup.announce_address("0.0.0.0", 6006, "", AccessPolicy(10, login=True))
        assert "user@" in capsys.readouterr().out


class TestProgram:
    """The program itself, in a process of its own."""

    def test_help_teaches(self) -> None:
        done = start("--help")
        assert done.returncode == 0
        for part in (
            *(
                "--demo",
                "--device",
                "--auth",
                "--root-path",
                "--model-dir",
                "SENSEVOICE_PORT",
                "SENSEVOICE_AUTH",
            ),
            *("examples / 示例", "ssh -L 6006:127.0.0.1:6006", "演示模型", "离线"),
        ):
            assert part in done.stdout

    @pytest.mark.parametrize("utf8", ["0", "1"])
    def test_without_a_home_in_an_old_locale(self, tmp_path: Path, utf8: str) -> None:
        """The folder script, because it ends by itself: Chinese names and sentences all the same."""
        recordings = tmp_path / "录音"
        recordings.mkdir()
        shutil.copy(DEMO / "samples" / "customer_call.ogg", recordings / "客服.ogg")
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/batch_transcribe.py", recordings, "-o", "out.txt", "--demo"],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": utf8},
            cwd=tmp_path,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        assert "这都第几天了？" in (tmp_path / "out.txt").read_text("utf-8")

    def test_version(self) -> None:
        from sensevoice import __version__

        assert start("--version").stdout.strip() == __version__

    @pytest.mark.parametrize("wrong", [("--port", "many"), ("--language", "de"), ("--unknown",)])
    def test_a_wrong_argument(self, wrong: tuple[str, ...]) -> None:
        done = start(*wrong)
        assert done.returncode == 2
        assert wrong[0] in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_wrong_variable(self) -> None:
        done = start(SENSEVOICE_LANGUAGE="de")
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("auth", ["secret", "me:", ":secret"])
    def test_a_bad_login_is_not_repeated(self, auth: str) -> None:
        done = start("--auth", auth)
        check_sentence(done, 2, "auth", "user:password")
        assert "secret" not in done.stdout + done.stderr

    def test_a_number_out_of_range(self) -> None:
        check_sentence(start("--merge-length-s", "31"), 2, "merge_length_s", "0 … 30")

    def test_a_taken_port(self, taken_port: int) -> None:
        check_sentence(start("--port", taken_port, "--host", "127.0.0.1"), 1, str(taken_port), "--port")

    def test_a_taken_port_from_the_environment(self, taken_port: int) -> None:
        check_sentence(start("--host", "127.0.0.1", SENSEVOICE_PORT=str(taken_port)), 1, str(taken_port))

    def test_cuda_that_is_not_there(self, free_port: int) -> None:
        done = start("--device", "cuda:0", "--port", free_port, CUDA_VISIBLE_DEVICES="")
        check_sentence(done, 1, "cuda:0", "--device cpu")

    def test_a_model_directory_that_is_not_whole(self, free_port: int, tmp_path: Path) -> None:
        (tmp_path / "config.yaml").write_text("model: SenseVoiceSmall\n")
        done = start("--model", tmp_path, "--port", free_port, "--device", "cpu")
        check_sentence(done, 1, str(tmp_path), "configuration.json")

    def test_a_model_directory_that_does_not_exist(self, free_port: int) -> None:
        done = start("--model", "/no/such/model", "--port", free_port, "--device", "cpu")
        check_sentence(done, 1, "/no/such/model")

    def test_damaged_weights(self, free_port: int, tmp_path: Path) -> None:
        directory = tmp_path / "model"
        shutil.copytree(DEMO / "sensevoice-small", directory)
        weights = (directory / "model.pt").read_bytes()
        (directory / "model.pt").write_bytes(weights[: len(weights) // 2])
        done = start("--model", directory, "--vad-model", DEMO / "fsmn-vad", "--port", free_port)
        check_sentence(done, 1, str(directory), "model.pt")

    def test_no_network_and_no_model(self, free_port: int, tmp_path: Path) -> None:
        done = start(
            *("--model-dir", tmp_path, "--port", free_port, "--device", "cpu"),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), DEAD_PROXY),
        )
        check_sentence(done, 1, str(tmp_path), "iic/SenseVoiceSmall", "三种办法", "Three ways out", "--demo")
        assert "downloading from" in done.stdout

    def test_a_missing_package(self) -> None:
        """Without the installed packages, as with a fresh Python."""
        done = subprocess.run([sys.executable, "-S", APP], capture_output=True, text=True)
        check_sentence(done, 1, "requirements.txt")


def test_the_self_test_refuses_a_model_that_is_none(tmp_path: Path) -> None:
    """Weights that load and say nothing sensible would otherwise show an empty page."""
    directory = tmp_path / "model"
    shutil.copytree(DEMO / "sensevoice-small", directory)
    import torch

    weights = torch.load(directory / "model.pt", weights_only=True)
    torch.save({name: torch.zeros_like(tensor) for name, tensor in weights.items()}, directory / "model.pt")
    settings = json.dumps([str(directory), str(DEMO / "fsmn-vad")])
    code = (
        "import json, sys\nfrom sensevoice.cli import startup\n"
        "from sensevoice.errors import SenseVoiceError\n"
        "from sensevoice.models.loader import ModelSettings\nmodel, vad = json.loads(sys.argv[1])\n"
        "try: startup.load(ModelSettings(model, vad, device='cpu'))\n"
        "except SenseVoiceError as error: sys.exit(startup.fail(error))"
    )
    done = subprocess.run([sys.executable, "-c", code, settings], cwd=ROOT, capture_output=True, text=True)
    check_sentence(done, 1, str(directory), "self-test")
