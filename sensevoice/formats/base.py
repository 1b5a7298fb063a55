"""What every format shares: how a transcript is to be shown, and how a time is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sensevoice.errors import OptionError
from sensevoice.transcript import Transcript

VIEWS = ("tagged", "emoji", "plain", "timed", "raw")
LABELS = ("zh", "en")


@dataclass(frozen=True)
class RenderOptions:
    """How to show a transcript. Raises OptionError, naming the option, for a value that is not allowed.

    view: one of VIEWS, for the formats that are text to read.
    labels: one of LABELS, the language of the names of languages, emotions and sounds.
    """

    view: str = "tagged"
    labels: str = "zh"

    def __post_init__(self) -> None:
        check_choice("view", self.view, VIEWS)
        check_choice("labels", self.labels, LABELS)


@dataclass(frozen=True)
class Format:
    """One export format: how files of it are named and described, and the function that writes it."""

    name: str
    extension: str
    mime_type: str
    zh: str
    en: str
    render: Callable[[Transcript, RenderOptions], str]


def check_choice(option: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise OptionError unless the value is one of the choices."""
    if value not in choices:
        raise OptionError(option=option, value=value, allowed=", ".join(choices))


def clock(time_ms: int) -> str:
    """Return a time as HH:MM:SS.mmm."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
