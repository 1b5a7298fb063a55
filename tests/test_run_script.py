"""scripts/run.sh in a real shell: what it installs, from where, and what it says of an old driver.

The checkout is a copy with locks of one small package, and what starts is a program that prints its
arguments. nvidia-smi and the index are made up; bash, venv, pip and (where it is installed) uv are real.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pip
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ("environment.sh", "run.sh", "pip_settings.py", "system_torch.py")
REAL_UV = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
NO_INDEX = "http://127.0.0.1:9/simple"
"""Nothing listens there: whoever looks for a package anywhere else than in the wheels of the test fails."""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel and return the SHA-256 of its file."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text.encode())}\n" for path, text in contents.items())
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in {**contents, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            wheel.writestr(inside, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + digest.rstrip(b"=").decode()


def lock(name: str, version: str, sha256: str) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{sha256}\n"


class Checkout:
    """A copy of the scripts with small locks, a PATH of its own and pip settings of its own."""

    def __init__(self, folder: Path, empty_venv: Path) -> None:
        self._empty_venv = empty_venv
        self.root = folder / "the program"
        self.path = folder / "bin"
        self.wheels = folder / "wheels"
        self.venv = self.root / ".venv"
        self.path.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        for name in SCRIPTS:
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts" / name)
        (self.root / "app_sensevoice.py").write_text(
            "import os, sys\nprint('started', os.getcwd(), sys.argv[1:])\n"
        )
        self.lock("requirements.lock", "small", "1.0")
        self.lock("requirements-torch.lock", "heavy", "1.0")
        (self.root / "requirements-uv.lock").write_text(lock("uv", "0.0.1", "0" * 64))  # nobody has it
        self.python(Path(sys.executable))
        self.settings = {"PIP_INDEX_URL": NO_INDEX, "PIP_RETRIES": "0", "PIP_FIND_LINKS": str(self.wheels)}

    def lock(self, file: str, name: str, version: str) -> None:
        sha256 = write_wheel(self.wheels, name, version, {f"{name}.py": f"version = {version!r}\n"})
        (self.root / file).write_text(lock(name, version, sha256))

    def program(self, name: str, script: str) -> None:
        path = self.path / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def python(self, python: Path) -> None:
        """Have run.sh find this Python, which copies a virtual environment, as making one takes seconds."""
        self.program(
            "python3.11",
            'if [[ "$1 $2 $3" == "-m venv --clear" ]]; then\n'
            f'    rm -rf -- "${{@: -1}}" && cp -a "{self._empty_venv}" "${{@: -1}}"\n'
            '    [[ "$4" != --system-site-packages ]] || sed -i s/false/true/ "$5/pyvenv.cfg"\n'
            "    exit\n"
            "fi\n"
            f'exec "{python}" "$@"',
        )

    def driver(self, answer: str, exit_code: int = 0) -> None:
        self.program("nvidia-smi", f"echo '{answer}'; exit {exit_code}")

    def with_uv(self, script: str) -> None:
        """Put a uv into .venv, as if it had been installed there already."""
        shutil.copytree(self._empty_venv, self.venv, symlinks=True)
        uv = self.venv / "bin" / "uv"
        uv.write_text(f"#!/bin/bash\n{script}\n")
        uv.chmod(0o755)
        stamp = subprocess.run(
            ["sha256sum", "--", "requirements-uv.lock"], cwd=self.root, capture_output=True, check=True
        )
        (self.venv / ".installed-requirements-uv.lock").write_bytes(stamp.stdout)

    def run(
        self, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_", "SENSEVOICE_", "COV_", "COVERAGE_"))
        }
        environment = {
            **kept,
            "PIP_CONFIG_FILE": os.devnull,
            "PATH": f"{self.path}:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(self.root / "cache"),
            **self.settings,
        }
        return subprocess.run(
            ["bash", self.root / "scripts/run.sh", *arguments],
            env=environment | variables,
            cwd=cwd or self.root.parent,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def installed(self, name: str) -> bool:
        return bool(list(self.venv.glob(f"lib/python*/site-packages/{name}.py")))


@pytest.fixture(scope="session")
def empty_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the pip of the one that runs the tests."""
    path = tmp_path_factory.mktemp("venv") / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    next(path.glob("lib/python*/site-packages/")).joinpath("pip").symlink_to(Path(pip.__file__).parent)
    return path


@pytest.fixture
def checkout(tmp_path: Path, empty_venv: Path) -> Checkout:
    return Checkout(tmp_path, empty_venv)


def test_a_virtual_environment_is_really_made(checkout: Checkout) -> None:
    checkout.program("python3.11", f'exec "{sys.executable}" "$@"')
    assert checkout.run().returncode == 0
    assert checkout.installed("small")


class TestInstalling:
    def test_by_pip_where_uv_is_not_to_be_had(self, checkout: Checkout, tmp_path: Path) -> None:
        done = checkout.run("--port", "7450", "a b")
        assert done.returncode == 0, done.stderr
        assert "trying pip" in done.stderr and "改用 pip" in done.stderr
        assert checkout.installed("small") and checkout.installed("heavy")
        assert done.stdout.strip().endswith(f"started {tmp_path} ['--port', '7450', 'a b']")

    def test_a_second_start_installs_nothing_and_takes_no_time(self, checkout: Checkout) -> None:
        checkout.run()
        checkout.driver("nobody asks", 1)  # neither does it ask for the driver, which can take seconds
        done = checkout.run(PIP_FIND_LINKS="/nowhere")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1 and done.stdout.startswith("started ")
        assert not done.stderr

    def test_a_changed_lock_is_installed(self, checkout: Checkout) -> None:
        checkout.run()
        checkout.lock("requirements.lock", "other", "2.0")
        done = checkout.run()
        assert "installing requirements.lock:" in done.stdout
        assert checkout.installed("other")

    def test_a_file_that_is_not_the_recorded_one_is_refused(self, checkout: Checkout) -> None:
        write_wheel(checkout.wheels, "small", "1.0", {"small.py": "version = 'of a stranger'\n"})
        done = checkout.run()
        assert done.returncode == 1
        assert "failed" in done.stderr and "安装失败" in done.stderr
        assert not checkout.installed("small")
        assert "started" not in done.stdout

    def test_without_any_python(self, checkout: Checkout) -> None:
        for name in ("python3.11", "python3.12", "python3.13", "python3", "python"):
            checkout.program(name, "exit 1")
        done = checkout.run()
        assert done.returncode == 1
        assert "Python 3.11 or later is needed" in done.stderr and "需要 Python 3.11" in done.stderr


@pytest.mark.skipif(not REAL_UV, reason="uv is not installed")
class TestWithRealUv:
    @pytest.fixture
    def with_uv(self, checkout: Checkout) -> Checkout:
        checkout.with_uv(f'exec "{REAL_UV}" "$@"')
        return checkout

    def test_it_finds_what_pip_would_find(self, with_uv: Checkout) -> None:
        done = with_uv.run(PIP_NO_INDEX="1")  # uv does not go on without an index, as pip does
        assert done.returncode == 0, done.stderr
        assert "trying pip" not in done.stderr
        assert with_uv.installed("small") and with_uv.installed("heavy")

    def test_it_looks_in_a_further_index_on_the_disk(self, with_uv: Checkout, tmp_path: Path) -> None:
        for wheel in with_uv.wheels.iterdir():
            page = tmp_path / "index" / wheel.name.partition("-")[0]
            page.mkdir(parents=True)
            shutil.copy(wheel, page)
            (page / "index.html").write_text(
                f'<!DOCTYPE html><html><body><a href="{wheel.name}">{wheel.name}</a>'
            )
        index = (tmp_path / "index").as_uri()
        done = with_uv.run(PIP_FIND_LINKS="", PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL=index)
        assert done.returncode == 0, done.stderr
        assert "trying pip" not in done.stderr
        assert with_uv.installed("small")

    def test_a_file_that_is_not_the_recorded_one_is_refused(self, with_uv: Checkout) -> None:
        write_wheel(with_uv.wheels, "small", "1.0", {"small.py": "version = 'of a stranger'\n"})
        done = with_uv.run()
        assert done.returncode == 1
        assert not with_uv.installed("small")


class TestWhatUvIsTold:
    """A uv that writes down with what it was called, and then does nothing."""

    @pytest.fixture
    def told(self, checkout: Checkout) -> Callable[..., dict[str, str]]:
        def call(**variables: str) -> dict[str, str]:
            checkout.with_uv(f'env >"{checkout.root}/told"; echo "ARGUMENTS=$*" >>"{checkout.root}/told"')
            done = checkout.run(**variables)
            assert done.returncode == 0, done.stderr
            lines = (checkout.root / "told").read_text().splitlines()
            return dict(line.partition("=")[::2] for line in lines)

        return call

    def test_the_locks_and_nothing_else(
        self, told: Callable[..., dict[str, str]], checkout: Checkout
    ) -> None:
        arguments = told()["ARGUMENTS"]
        assert "--no-deps --require-hashes" in arguments
        assert f"--python {checkout.venv}/bin/python" in arguments
        assert "requirements.lock" in arguments and "requirements-torch.lock" in arguments

    def test_a_mirror_in_the_environment(self, told: Callable[..., dict[str, str]]) -> None:
        assert (
            told(PIP_INDEX_URL="https://mirror.example/simple")["UV_DEFAULT_INDEX"]
            == "https://mirror.example/simple"
        )

    def test_pips_configuration_file(self, told: Callable[..., dict[str, str]], tmp_path: Path) -> None:
        pip_conf = tmp_path / "pip.conf"
        pip_conf.write_text(
            "[global]\nindex-url = https://mirror.example/simple\ncert = /ca.pem\ntimeout = 99\n"
            "extra-index-url = file:///one/simple\n    https://two.example/simple\n"
            "[install]\nfind-links = /wheels /more\ntrusted-host = mirror.example two.example\n"
        )
        uv = told(PIP_CONFIG_FILE=str(pip_conf), PIP_INDEX_URL="", PIP_FIND_LINKS="", SSL_CERT_FILE="")
        assert uv["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
        assert uv["UV_INDEX"] == "file:///one/simple https://two.example/simple"
        assert uv["UV_INDEX_STRATEGY"] == "unsafe-best-match"
        assert uv["UV_FIND_LINKS"] == "/wheels,/more"
        assert uv["UV_INSECURE_HOST"] == "mirror.example two.example"
        assert uv["SSL_CERT_FILE"] == "/ca.pem"
        assert uv["UV_HTTP_TIMEOUT"] == "99"

    def test_what_the_user_set_for_uv_stays(self, told: Callable[..., dict[str, str]]) -> None:
        uv = told(UV_DEFAULT_INDEX="https://own.example/simple", UV_FIND_LINKS="/own")
        assert uv["UV_DEFAULT_INDEX"] == "https://own.example/simple"
        assert uv["UV_FIND_LINKS"] == "/own"

    def test_no_index(self, told: Callable[..., dict[str, str]]) -> None:
        assert told(PIP_NO_INDEX="1")["ARGUMENTS"].endswith("--no-index")

    def test_of_the_program_nothing_of_it_is_seen(self, checkout: Checkout) -> None:
        checkout.with_uv("exit 0")
        (checkout.root / "app_sensevoice.py").write_text("import os\nprint(sorted(os.environ))\n")
        done = checkout.run(PIP_CERT="/ca.pem", SSL_CERT_FILE="")
        assert "UV_" not in done.stdout.splitlines()[-1]


class TestDriver:
    @pytest.mark.parametrize("version", ["524.99.01", "390.157"])
    def test_one_that_is_too_old_is_named_before_anything_is_downloaded(
        self, checkout: Checkout, version: str
    ) -> None:
        checkout.driver(version)
        done = checkout.run()
        assert done.returncode == 1
        assert not checkout.venv.exists()
        for part in (version, "525", "--system-torch", "--device cpu", "Nothing was downloaded", "尚未下载"):
            assert part in done.stderr
        assert re.search("[\u4e00-\u9fff]", done.stderr)

    @pytest.mark.parametrize("answer", ["525.60.13", "535.104.05", "570.86.10\n470.1"])
    def test_one_that_will_do(self, checkout: Checkout, answer: str) -> None:
        checkout.with_uv("exit 0")
        checkout.driver(answer)
        done = checkout.run()
        assert done.returncode == 0, done.stderr
        assert "installing requirements-torch.lock" in done.stdout

    @pytest.mark.parametrize("choice", [("--device", "cpu"), ("--device=cpu",), ("--device", "cuda:0")])
    def test_who_chose_a_device_is_not_stopped(self, checkout: Checkout, choice: tuple[str, ...]) -> None:
        checkout.with_uv("exit 0")
        checkout.driver("470.223.02")
        done = checkout.run(*choice)
        assert done.returncode == 0, done.stderr
        assert f"started {checkout.root.parent} {list(choice)}" in done.stdout

    def test_the_variable_counts_too(self, checkout: Checkout) -> None:
        checkout.with_uv("exit 0")
        checkout.driver("470.223.02")
        assert checkout.run(SENSEVOICE_DEVICE="cpu").returncode == 0

    def test_no_driver_at_all_is_a_note(self, checkout: Checkout) -> None:
        checkout.with_uv("exit 0")
        checkout.driver("NVIDIA-SMI has failed because it could not communicate with the driver", 9)
        done = checkout.run()
        assert done.returncode == 0, done.stderr
        assert "will run on the CPU" in done.stdout and "将在 CPU 上运行" in done.stdout


class TestSystemTorch:
    @pytest.fixture
    def system(self, checkout: Checkout, tmp_path: Path) -> Callable[..., None]:
        """A Python that has a torch: a virtual environment of the image, as rented machines have it."""

        def make(torch: str = "2.6.0+cu124", torchaudio: str | None = "2.6.0+cu124") -> None:
            image = tmp_path / "image"
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", image], check=True)
            site = next(image.glob("lib/python*/site-packages"))
            for name, version in {"torch": torch, "torchaudio": torchaudio}.items():
                if version:
                    (site / name).mkdir()
                    (site / name / "__init__.py").write_text(FAKE[name].format(version=version))
                    info = site / f"{name}-{version}.dist-info"
                    info.mkdir()
                    (info / "METADATA").write_text(
                        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                    )
            for name in FAKE.keys() - {"torch"}:
                write_wheel(
                    checkout.wheels, name, "2.6.0", KALDI if name == "torchaudio" else {"numpy.py": NUMPY}
                )
            if torchaudio:
                compliance = site / "torchaudio" / "compliance"
                compliance.mkdir()
                (compliance / "__init__.py").write_text("")
                (compliance / "kaldi.py").write_text("def fbank(wave): pass\n")
            sha256 = write_wheel(checkout.wheels, "numpy", "2.6.0", {"numpy.py": NUMPY})
            (checkout.root / "requirements.lock").write_text(lock("numpy", "2.6.0", sha256))
            checkout.python(image / "bin" / "python")

        return make

    def test_it_is_used_and_nothing_else_is_downloaded(
        self, checkout: Checkout, system: Callable[..., None]
    ) -> None:
        system()
        checkout.driver("470.223.02")
        done = checkout.run("--system-torch", "--demo")
        assert done.returncode == 0, done.stderr
        assert "torch 2.6.0+cu124 of this system: imagined card" in done.stdout
        assert "started" in done.stdout and "['--demo']" in done.stdout
        assert not checkout.installed("heavy") and checkout.installed("numpy")

    def test_it_is_remembered(self, checkout: Checkout, system: Callable[..., None]) -> None:
        system()
        checkout.driver("470.223.02")
        checkout.run("--system-torch")
        done = checkout.run()
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1

    def test_an_environment_without_it_is_made_anew(
        self, checkout: Checkout, system: Callable[..., None]
    ) -> None:
        checkout.run()
        assert checkout.installed("heavy")
        system()
        assert checkout.run("--system-torch").returncode == 0
        assert not checkout.installed("heavy")

    @pytest.mark.parametrize("other", [None, "2.5.1"])
    def test_torchaudio_of_the_same_version_is_added(
        self, checkout: Checkout, system: Callable[..., None], other: str | None
    ) -> None:
        system(torchaudio=other)
        done = checkout.run("--system-torch")
        assert done.returncode == 0, done.stderr
        assert "installing torchaudio==2.6.0" in done.stdout
        assert (next(checkout.venv.glob("lib/python*/site-packages")) / "torchaudio").is_dir()

    def test_one_that_is_too_old(self, checkout: Checkout, system: Callable[..., None]) -> None:
        system(torch="2.1.2", torchaudio="2.1.2")
        done = checkout.run("--system-torch")
        assert done.returncode == 1
        assert "torch 2.1.2 of this system is too old" in done.stderr and "版本过旧" in done.stderr
        assert "started" not in done.stdout

    def test_none_there(self, checkout: Checkout) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout.root / "bare"], check=True)
        for name in ("python3.11", "python3.12", "python3.13", "python3", "python"):
            checkout.program(name, f'exec "{checkout.root}/bare/bin/python" "$@"')
        done = checkout.run("--system-torch")
        assert done.returncode == 1
        assert (
            "no Python 3.11 or later with torch" in done.stderr
            and "没有找到带 torch 的 Python" in done.stderr
        )
        assert not checkout.venv.exists()


NUMPY = "float32 = 'float32'\ndef zeros(*arguments): pass\n"
KALDI = {
    "torchaudio/__init__.py": "",
    "torchaudio/compliance/__init__.py": "",
    "torchaudio/compliance/kaldi.py": "def fbank(wave): pass\n",
}
FAKE = {
    "torch": (
        "__version__ = '{version}'\ndef from_numpy(array): pass\n"
        "class cuda:\n    is_available = staticmethod(lambda: True)\n"
        "    get_device_name = staticmethod(lambda: 'imagined card')\n"
    ),
    "torchaudio": "__version__ = '{version}'\n",
}


def test_the_locks_name_every_file_and_no_index() -> None:
    for name in ("requirements", "requirements-torch", "requirements-dev", "requirements-uv"):
        text = (ROOT / f"{name}.lock").read_text("utf-8")
        assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text)
        entries = re.split(r"\n(?=[a-z0-9])", text)
        assert all("--hash=sha256:" in entry for entry in entries[1:]), name


def test_the_lock_of_the_program_leaves_torch_to_others() -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.M))
    assert {"gradio", "funasr", "scipy", "jieba"} <= names
    assert not [
        name for name in names if name in ("torch", "torchaudio", "triton") or name.startswith("nvidia-")
    ]


@pytest.mark.parametrize("listed", ["requirements.txt", "requirements-dev.txt"])
def test_the_locks_have_what_the_lists_ask_for(listed: str) -> None:
    pins = {}
    for path in ROOT.glob("requirements*.lock"):
        pins |= dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", path.read_text("utf-8"), re.M))
    for name, version in re.findall(r"^([\w-]+)==(\S+)", (ROOT / listed).read_text("utf-8"), re.M):
        assert pins[name.lower().replace("_", "-")] == version
    assert tuple(map(int, pins["setuptools"].split("."))) >= (78, 1, 1)
