"""Every error says its sentence in Chinese and in English, without anything left to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensevoice import errors
from sensevoice.errors import MediaError, ModelError, OptionError, SenseVoiceError, StartupError

DATA = {
    "path": "/录音/call 1.mp3",
    "option": "language",
    "value": "de",
    "port": 6006,
    "device": "cuda:9",
    "file": "model.pt",
}


def kinds(base: type[SenseVoiceError] = SenseVoiceError) -> Iterator[type[SenseVoiceError]]:
    yield base
    for kind in base.__subclasses__():
        if kind.__module__.startswith(f"{errors.__name__}."):
            yield from kinds(kind)


KINDS = list(kinds())


def example(kind: type[SenseVoiceError]) -> SenseVoiceError:
    """Return an error with something in every place that its sentences leave open."""
    return kind(**dict.fromkeys(re.findall(r"{(\w+)", kind.zh + kind.en), 7) | DATA | {"name": "call 1.mp3"})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentence_is_whole(kind: type[SenseVoiceError], language: str) -> None:
    message = example(kind).message(language)
    assert message
    assert "\n" not in message
    assert not re.search(r"[{}]", message)
    assert bool(re.search("[\u4e00-\u9fff]", message.replace("/录音/", ""))) == (language == "zh")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_words_and_code(kind: type[SenseVoiceError]) -> None:
    for other in KINDS:
        if other is not kind:
            assert (other.zh, other.en, other.code) != (kind.zh, kind.en, kind.code)
            assert other.code != kind.code


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_sentence_names_is_in_both_languages(kind: type[SenseVoiceError]) -> None:
    named = [set(re.findall(r"{(\w+)", text)) for text in (kind.zh, kind.en)]
    assert named[0] == named[1]


def test_an_unknown_language_is_answered_in_english() -> None:
    error = MediaError(path="x.mp3", reason="so")
    assert error.message("fr") == error.message("en")


def test_both_sentences_are_the_text_of_the_exception() -> None:
    error = errors.EmptyFile(path="x.mp3")
    assert str(error) == f"{error.message('zh')} / {error.message('en')}"


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/b.mp3", "b.mp3"), (Path("/a/录音 1.mp3"), "录音 1.mp3"), ("/a/b/", "/a/b/"), ("b.mp3", "b.mp3")],
)
def test_a_file_is_called_by_its_name_and_its_folder_stays_private(path: str | Path, name: str) -> None:
    message = errors.EmptyFile(path=path).message("en")
    assert f"“{name}”" in message


def test_braces_in_what_is_filled_in_do_no_harm() -> None:
    assert "{0}" in errors.RecognitionFailed(reason="{0} {reason}").message("en")


def test_exit_codes() -> None:
    assert example(OptionError).exit_code == 2
    assert example(StartupError).exit_code == 1
    assert example(ModelError).exit_code == 1


def test_the_documented_tree_is_the_real_one() -> None:
    assert errors.__doc__
    documented = re.findall(r"^[│ ]*[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    missing = {kind.__name__ for kind in KINDS[1:]} - set(documented)
    assert not missing
    assert set(documented) <= {kind.__name__ for kind in KINDS}
