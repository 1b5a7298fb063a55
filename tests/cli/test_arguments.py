"""The command line: the same settings as on the page, each also a variable of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sensevoice.cli import arguments
from sensevoice.errors import OptionError
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options


@pytest.fixture
def parser() -> Any:
    made = arguments.parser("a program", "epilog")
    arguments.add_model_arguments(made)
    arguments.add_option_arguments(made)
    return made


def test_without_arguments_the_defaults_hold(parser: Any) -> None:
    args = parser.parse_args([])
    assert arguments.options(args) == Options()
    assert arguments.model_settings(args) == ModelSettings()


def test_every_option_reaches_its_setting(parser: Any) -> None:
    line = (
        "--language yue --merge-length-s 0 --merge-gap-s 2.5 --batch-size-s 300 --channel split "
        "--no-itn --ban-emo-unk --no-sounds --speakers 3"
    )
    args = parser.parse_args(line.split())
    assert arguments.options(args) == Options(
        language="yue",
        use_itn=False,
        ban_emo_unk=True,
        merge_length_s=0,
        merge_gap_s=2.5,
        batch_size_s=300,
        channel="split",
        sounds=False,
        speakers="3",
    )


def test_every_model_argument_reaches_its_setting(parser: Any) -> None:
    line = "--device cuda:1 --model /m --vad-model /v --hub hf --model-dir /cache --demo --speaker-model /s"
    args = parser.parse_args(line.split())
    assert arguments.model_settings(args) == ModelSettings(
        "/m", "/v", "hf", "/cache", "cuda:1", True, speaker_model="/s"
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SENSEVOICE_LANGUAGE", "ja", Options(language="ja")),
        ("SENSEVOICE_MERGE_LENGTH_S", "5", Options(merge_length_s=5)),
        ("SENSEVOICE_CHANNEL", "left", Options(channel="left")),
        ("SENSEVOICE_LANGUAGES", "zh,en", Options(among=("zh", "en"))),
        ("SENSEVOICE_NO_ITN", "true", Options(use_itn=False)),
        ("SENSEVOICE_NO_SOUNDS", "1", Options(sounds=False)),
        ("SENSEVOICE_BAN_EMO_UNK", "true", Options(ban_emo_unk=True)),
        ("SENSEVOICE_BAN_EMO_UNK", "false", Options()),
    ],
)
def test_an_option_can_come_from_the_environment(
    parser: Any, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: Options
) -> None:
    monkeypatch.setenv(variable, value)
    assert arguments.options(parser.parse_args([])) == expected


def test_a_vocabulary_is_read_from_its_file(parser: Any, tmp_path: Path) -> None:
    file = tmp_path / "热词.txt"
    file.write_text("# 名字\n李清照\nK8s|kubernetes :2\n", "utf-8")
    assert arguments.options(parser.parse_args(["--hotwords", str(file)])).hotwords == (
        "李清照",
        "K8s|kubernetes :2",
    )
    file.write_text("甲|乙|丙", "utf-8")
    with pytest.raises(OptionError, match=r"热词\.txt”第 1 行"):
        arguments.options(parser.parse_args([f"--hotwords={file}"]))


def test_the_languages_have_their_earlier_names_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSEVOICE_AMONG", "zh,en")
    parser = arguments.parser("a program")
    arguments.add_option_arguments(parser)
    assert arguments.options(parser.parse_args([])).among == ("zh", "en")
    assert arguments.options(parser.parse_args(["--among", "ko"])).among == ("ko",)


def test_the_command_line_wins_over_the_environment(parser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSEVOICE_LANGUAGE", "ja")
    assert arguments.options(parser.parse_args(["--language", "ko"])).language == "ko"


def test_help_teaches_every_option_its_variable_and_both_languages(
    parser: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    text = capsys.readouterr().out
    for action in parser._actions:
        for option in action.option_strings:
            if option not in ("-h", "--help"):
                assert option in text
                assert "SENSEVOICE_" + option.lstrip("-").replace("-", "_").upper() in text
    assert "语种" in text
    assert "spoken language" in text


@pytest.mark.parametrize(
    "wrong",
    [
        ["--language", "de"],
        ["--channel", "both"],
        ["--channel", "0"],
        ["--track", "first"],
        ["--track", "0"],
        ["--hub", "github"],
        ["--merge-length-s", "long"],
        ["--unknown"],
    ],
)
def test_a_wrong_argument_ends_with_exit_code_2(
    parser: Any, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(wrong)
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "value", "option"),
    [
        ("--merge-length-s", "31", "merge_length_s"),
        ("--merge-gap-s", "-1", "merge_gap_s"),
        ("--batch-size-s", "0", "batch_size_s"),
        ("--merge-length-s", "nan", "merge_length_s"),
    ],
)
def test_a_number_out_of_range_is_named(parser: Any, argument: str, value: str, option: str) -> None:
    with pytest.raises(OptionError) as caught:
        arguments.options(parser.parse_args([f"{argument}={value}"]))
    assert caught.value.data["option"] == option
