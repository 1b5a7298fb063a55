"""A model is a whole directory: named, cached or downloaded; anything less is said, file by file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sensevoice.errors import ModelError, ModelFileDamaged, ModelFileMissing, ModelNotAvailable, OptionError
from sensevoice.models.sources import hub_client
from sensevoice.models.sources.files import missing_files, verify
from sensevoice.models.sources.hub import find_model
from sensevoice.progress import LoadStep

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = "words.bpe.model"
SCALE = (
    "<Nnet>\n<AddShift> 2 2\n<LearnRateCoef> 0 [ 0 0 ]\n<Rescale> 2 2\n<LearnRateCoef> 0 [ 1 1 ]\n</Nnet>\n"
)
FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn", TOKENIZER)
NAME = "iic/SenseVoiceSmall"
VAD_REPOSITORY = "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"


def write_model(directory: Path) -> Path:
    """Write a directory with the files of a model, whole as far as can be told without loading it."""
    directory.mkdir(parents=True, exist_ok=True)
    named = {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"bpemodel": TOKENIZER},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    }
    (directory / "configuration.json").write_text(json.dumps({"file_path_metas": named}))
    (directory / "config.yaml").write_text("model: SenseVoiceSmall\n")
    (directory / "model.pt").write_bytes(b"w" * 20_000)
    (directory / "am.mvn").write_text(SCALE)
    (directory / TOKENIZER).write_bytes(b"t")
    return directory


class FakeHub:
    """Stands at the seam to both hubs: a cache folder, and a download that fills it or fails."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.downloads: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self.deliver: Callable[[Path], object] = write_model

    def snapshot(
        self,
        repository: str,
        hub_name: str,
        cache_dir: str | None,
        local_files_only: bool,
        on_bytes: Callable[[int, int], None] = lambda done, total: None,
    ) -> str:
        directory = self.cache / repository
        if local_files_only:
            if not directory.is_dir():
                raise FileNotFoundError(repository)
            return str(directory)
        self.downloads.append((hub_name, repository))
        if self.error:
            raise self.error
        self.deliver(directory)
        size = sum(path.stat().st_size for path in directory.iterdir())
        on_bytes(size // 2, size)
        return str(directory)


@pytest.fixture
def fake_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    fake = FakeHub(tmp_path / "cache")
    monkeypatch.setattr(hub_client, "snapshot", fake.snapshot)
    return fake


class TestDirectory:
    def test_a_whole_directory_is_taken_as_it_is(self, tmp_path: Path, fake_hub: FakeHub) -> None:
        lines: list[str] = []
        assert find_model(str(write_model(tmp_path / "own")), announce=lines.append) == tmp_path / "own"
        assert fake_hub.downloads == []
        assert "local directory" in lines[0]

    def test_a_folder_named_like_a_model_on_the_hub(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_model(tmp_path / "fsmn-vad")
        monkeypatch.chdir(tmp_path)
        assert find_model("fsmn-vad") == tmp_path / "fsmn-vad"

    @pytest.mark.parametrize("file", FILES)
    def test_a_missing_file_is_named(self, tmp_path: Path, file: str) -> None:
        (write_model(tmp_path) / file).unlink()
        with pytest.raises(ModelFileMissing) as caught:
            verify(find_model(str(tmp_path)))
        for language in ("zh", "en"):
            message = caught.value.message(language)
            assert file in message
            assert str(tmp_path) in message
            assert "scripts/download_models.py" in message

    @pytest.mark.parametrize("file", FILES)
    def test_an_empty_file_is_named(self, tmp_path: Path, file: str) -> None:
        (write_model(tmp_path) / file).write_bytes(b"")
        with pytest.raises(ModelFileDamaged) as caught:
            verify(find_model(str(tmp_path)))
        assert caught.value.data["file"] == file

    def test_a_pointer_file_in_place_of_the_weights_is_damage(self, tmp_path: Path) -> None:
        (write_model(tmp_path) / "model.pt").write_text("version https://git-lfs.github.com/spec/v1\n")
        with pytest.raises(ModelFileDamaged, match=r"model\.pt"):
            verify(tmp_path)

    @pytest.mark.parametrize(
        ("file", "content"),
        [
            ("config.yaml", b"model: [unclosed"),
            ("config.yaml", b"\xff\xfe\x00broken"),
            ("config.yaml", b"just a sentence"),
            ("config.yaml", b"encoder: SenseVoiceEncoderSmall\n"),
            ("configuration.json", b'{"file_path_metas": '),
            ("configuration.json", b"[]"),
            ("configuration.json", b"\xff\xfe\x00"),
            ("am.mvn", SCALE[: len(SCALE) // 2].encode()),
            ("am.mvn", b"<html>not found</html>"),
            ("am.mvn", b"\xff\x00\x01"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path, file: str, content: bytes) -> None:
        (write_model(tmp_path) / file).write_bytes(content)
        with pytest.raises(ModelFileDamaged) as caught:
            verify(tmp_path)
        assert caught.value.data["file"] == file

    def test_a_directory_in_place_of_a_file_is_damage(self, tmp_path: Path) -> None:
        (write_model(tmp_path) / "model.pt").unlink()
        (tmp_path / "model.pt").mkdir()
        with pytest.raises(ModelFileDamaged, match=r"model\.pt"):
            verify(tmp_path)

    def test_every_missing_file_is_listed(self, tmp_path: Path) -> None:
        assert set(missing_files(tmp_path)) == set(FILES) - {TOKENIZER}  # named by configuration.json only

    @pytest.mark.parametrize("name", ["/no/such/model", "./no-such-model", "../no-such-model", "~/no-such"])
    def test_a_path_that_does_not_exist_is_not_looked_for_on_the_hub(
        self, fake_hub: FakeHub, name: str
    ) -> None:
        with pytest.raises(ModelFileMissing) as caught:
            find_model(name)
        assert name in caught.value.message("en")
        assert fake_hub.downloads == []


class TestCache:
    def test_a_whole_cache_is_used_without_the_network(self, fake_hub: FakeHub) -> None:
        directory = write_model(fake_hub.cache / NAME)
        lines: list[str] = []
        assert find_model(NAME, announce=lines.append) == directory
        assert fake_hub.downloads == []
        assert str(directory) in lines[0]

    def test_an_empty_cache_is_filled(self, fake_hub: FakeHub) -> None:
        lines: list[str] = []
        assert find_model(NAME, announce=lines.append) == fake_hub.cache / NAME
        assert fake_hub.downloads == [("ms", NAME)]
        assert "ModelScope" in lines[0]

    @pytest.mark.parametrize("file", FILES)
    def test_a_half_finished_download_is_gone_on_with(self, fake_hub: FakeHub, file: str) -> None:
        (write_model(fake_hub.cache / NAME) / file).unlink()
        assert find_model(NAME) == fake_hub.cache / NAME
        assert fake_hub.downloads == [("ms", NAME)]

    def test_cut_weights_in_the_cache_are_fetched_again(self, fake_hub: FakeHub) -> None:
        (write_model(fake_hub.cache / NAME) / "model.pt").write_bytes(b"half")
        find_model(NAME)
        assert fake_hub.downloads == [("ms", NAME)]

    def test_a_download_that_is_not_whole_is_not_accepted(self, fake_hub: FakeHub) -> None:
        fake_hub.deliver = lambda directory: (write_model(directory) / "am.mvn").unlink()
        with pytest.raises(ModelFileMissing, match=r"am\.mvn"):
            verify(find_model(NAME))

    @pytest.mark.parametrize(
        ("hub_name", "name", "repository"),
        [
            ("ms", "fsmn-vad", VAD_REPOSITORY),
            ("hf", "fsmn-vad", "funasr/fsmn-vad"),
            ("ms", NAME, NAME),
            ("hf", NAME, "FunAudioLLM/SenseVoiceSmall"),
            ("hf", "someone/else", "someone/else"),
        ],
    )
    def test_each_hub_has_its_own_names(
        self, fake_hub: FakeHub, hub_name: str, name: str, repository: str
    ) -> None:
        find_model(name, hub_name)
        assert fake_hub.downloads == [(hub_name, repository)]

    def test_an_unknown_hub_is_a_wrong_setting(self, fake_hub: FakeHub) -> None:
        with pytest.raises(OptionError, match="ms, hf"):
            find_model(NAME, "github")


class TestRefresh:
    """A model that is here is compared with the hub by the hub's own client, when that is wished."""

    def test_a_cached_model_is_asked_for_again(self, fake_hub: FakeHub) -> None:
        write_model(fake_hub.cache / NAME)
        assert find_model(NAME, refresh=True) == fake_hub.cache / NAME
        assert fake_hub.downloads == [("ms", NAME)]

    def test_what_the_client_replaced_is_no_damage(self, fake_hub: FakeHub) -> None:
        verify(find_model(NAME))

        def newer(directory: Path) -> None:
            (write_model(directory) / "model.pt").write_bytes(b"v" * 20_000)

        fake_hub.deliver = newer
        verify(find_model(NAME, refresh=True))

    def test_without_network_that_wish_is_a_warning(
        self, fake_hub: FakeHub, caplog: pytest.LogCaptureFixture
    ) -> None:
        directory = write_model(fake_hub.cache / NAME)
        fake_hub.error = ConnectionError("no route to host")
        assert find_model(NAME, refresh=True) == directory
        assert "not compared with the hub" in caplog.text and "no route to host" in caplog.text

    def test_how_far_a_download_is(self, fake_hub: FakeHub) -> None:
        steps: list[LoadStep] = []
        find_model(NAME, on_step=steps.append)
        whole = sum(path.stat().st_size for path in write_model(fake_hub.cache / "again").iterdir())
        assert steps == [LoadStep("download"), LoadStep("download", whole // 2, whole)]


class TestNotAvailable:
    def check(self, error: ModelError, *, model: str, folder: Path) -> None:
        for language in ("zh", "en"):
            message = error.message(language)
            assert "\n" not in message
            for part in (
                model,
                str(folder),
                "scripts/download_models.py",
                "--model",
                "--vad-model",
                "--demo",
            ):
                assert part in message
        assert "三种办法" in error.message("zh")
        assert "Three ways out" in error.message("en")
        assert error.exit_code == 1

    def test_no_network_names_the_folder_and_three_ways_out(self, fake_hub: FakeHub, tmp_path: Path) -> None:
        fake_hub.error = ConnectionError("no route to host\nand a long story")
        with pytest.raises(ModelNotAvailable) as caught:
            find_model(NAME, cache_dir=str(tmp_path))
        self.check(caught.value, model=NAME, folder=tmp_path)
        assert "no route to host" in str(caught.value)
        assert "long story" not in str(caught.value)
        assert caught.value.__cause__ is fake_hub.error

    def test_a_half_finished_download_without_network_names_what_is_missing(self, fake_hub: FakeHub) -> None:
        directory = write_model(fake_hub.cache / NAME)
        (directory / "model.pt").unlink()
        (directory / TOKENIZER).unlink()
        fake_hub.error = OSError("unreachable")
        with pytest.raises(ModelNotAvailable) as caught:
            find_model(NAME)
        self.check(caught.value, model=NAME, folder=directory)
        assert set(caught.value.data["missing"].split(", ")) == {"model.pt", TOKENIZER}

    @pytest.mark.parametrize("error", [OSError(), ValueError("x" * 5000), RuntimeError("{brace} %s")])
    def test_whatever_the_hub_raises_is_one_short_sentence(self, fake_hub: FakeHub, error: Exception) -> None:
        fake_hub.error = error
        with pytest.raises(ModelNotAvailable) as caught:
            find_model(NAME)
        assert len(caught.value.message("en")) < 900

    def test_ctrl_c_during_a_download_is_not_taken_for_a_missing_network(
        self, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(directory: Path) -> None:
            raise KeyboardInterrupt

        fake_hub.deliver = interrupted
        with pytest.raises(KeyboardInterrupt):
            find_model(NAME)

    @pytest.mark.parametrize(("hub_name", "model"), [("ms", VAD_REPOSITORY), ("hf", "funasr/fsmn-vad")])
    def test_the_real_hubs_say_so_within_half_a_minute(
        self, tmp_path: Path, hub_name: str, model: str
    ) -> None:
        """In a process of its own, because both read the environment at import; measured: 8.4 and 0.2 s."""
        code = (
            "import sys\n"
            "from sensevoice.errors import ModelNotAvailable\n"
            "from sensevoice.models.sources.hub import find_model\n"
            "try: find_model('fsmn-vad', sys.argv[1], sys.argv[2])\n"
            "except ModelNotAvailable as error: print(error.message('zh'), error.message('en'), sep='\\n')"
        )
        dead = "http://127.0.0.1:9"
        environment = os.environ | {"HTTPS_PROXY": dead, "https_proxy": dead, "NO_PROXY": "", "no_proxy": ""}
        started_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, hub_name, str(tmp_path)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert time.perf_counter() - started_s < 30
        chinese, english = done.stdout.strip().splitlines()
        assert model in chinese
        assert str(tmp_path) in english
        assert "Three ways out" in english
