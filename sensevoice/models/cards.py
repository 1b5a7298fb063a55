"""The models on one device, or on several cards at once: a recogniser a card, behind one line."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sensevoice.errors import ModelError, first_line
from sensevoice.models.device import resolve_devices
from sensevoice.models.loader import Announce, ModelSettings, OnStep, load_recognizer
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.protocols import Recognizer
from sensevoice.recognise.scheduler import Scheduler

log = logging.getLogger(__name__)


class Cards:
    """The loaded recognisers. `fault` is told of each that answers nothing any more.

    `announce` gets the sentence about a card that is taken out; `on_device_fault` the reason when the last
    one answers nothing any more: only a new process can mend that.
    """

    def __init__(
        self,
        announce: Announce = log.warning,
        on_device_fault: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._announce = announce
        self._on_device_fault = on_device_fault
        self._scheduler: Scheduler | None = None
        self.recognizers: list[FunasrRecognizer] = []

    @property
    def directory(self) -> Path:
        """Where the recogniser lies."""
        return self.recognizers[0].directory

    def scheduled(
        self, front: Callable[[Recognizer], Recognizer] = lambda recognizer: recognizer
    ) -> Scheduler:
        """Return a scheduler in front of all, so that any number of runs share them.

        `front` returns what is asked in place of a recogniser, and asks it in turn.
        """
        limits = [each.batch_limits for each in self.recognizers]
        self._scheduler = Scheduler(
            [front(each) for each in self.recognizers],
            min(clips for clips, _ in limits),
            min(seconds for _, seconds in limits),
        )
        return self._scheduler

    def fault(self, number: int, reason: str) -> None:
        """Take a card out if others go on; otherwise the whole program has to start over."""
        scheduler = self._scheduler
        if scheduler is None or not scheduler.has_others(number):
            self._on_device_fault(reason)
        elif scheduler.take_out(number, reason):
            device = self.recognizers[number].info.device
            self._announce(
                f"{device} failed and is no longer used, the others go on / "
                f"{device} 出现故障，已停用，其余显卡继续工作: {reason}"
            )


def load_cards(
    settings: ModelSettings,
    announce: Announce = log.info,
    on_step: OnStep = lambda step: None,
    on_device_fault: Callable[[str], None] = lambda reason: None,
) -> Cards:
    """Load both models on every device that is meant; see `load_recognizer` and `resolve_devices`.

    A card on which they do not work is left out with a sentence; where none is left, it is as with one.
    """
    devices = resolve_devices(settings.device)
    cards = Cards(announce, on_device_fault)
    for device in devices:
        fault = functools.partial(cards.fault, len(cards.recognizers))
        load = functools.partial(load_recognizer, replace(settings, device=device), announce, on_step=on_step)
        try:
            recognizer = load(on_device_fault=fault)
        except ModelError as error:
            if device == devices[-1] and not cards.recognizers:
                raise
            announce(f"{device} is left out / 不使用 {device}: {first_line(error)}")
            continue
        # One that turned out to be the CPU's is of use only where no card is.
        if recognizer.info.device == device or (device == devices[-1] and not cards.recognizers):
            cards.recognizers.append(recognizer)
    return cards
