"""Batches the clips of all running jobs for the model, or for the models of several cards, fairly.

Every job hands in its clips as it finds them; one thread for each card takes the next batch out of the fair
line and has it recognised. So a short recording does not wait for the end of a long one, a batch is full even
when every file is short, and two threads never meet in one model. What people wait for as they speak goes
before everything else, for most of the time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from sensevoice.errors import CardLost
from sensevoice.options import Options
from sensevoice.protocols import (
    ForwardingRecognizer,
    LiveSpeechFinder,
    Recognition,
    Recognizer,
    Speech,
    SpeechFinder,
)
from sensevoice.recognise.fair_line import Batch, FairLine, Share, call_of

log = logging.getLogger(__name__)


class Card:
    """A recogniser that one thread asks; `lost` is the reason when it answers nothing any more."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self.lost: str | None = None
        self.streams = 0


class Scheduler(ForwardingRecognizer):
    """A Recognizer in front of one or several others with the same models, for any number of threads.

    See FairLine for what a batch holds. Each call is a recording of its own; `share` is for several calls of
    one recording.
    """

    def __init__(
        self, recognizer: Recognizer | Sequence[Recognizer], max_clips: int, max_batch_s: float
    ) -> None:
        recognizers = list(recognizer) if isinstance(recognizer, Sequence) else [recognizer]
        super().__init__(recognizers[0])
        self._line = FairLine(max_clips, max_batch_s)
        self._changed = threading.Condition()
        self._closed = False
        self.cards = [Card(each) for each in recognizers]
        self._threads = [
            threading.Thread(target=self._work, args=(card,), name=f"scheduler-{number}", daemon=True)
            for number, card in enumerate(self.cards)
        ]
        for thread in self._threads:
            thread.start()

    def share(self) -> Recognizer:
        """Return this scheduler as one recording uses it: all its calls count as one."""
        return _OneRecording(self, Share())

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """See Recognizer; closing the iterator takes the clips that still wait out of the line."""
        return self.recognise_for(Share(), clips, options)

    def recognise_first(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Recognise clips before those of files: somebody speaks and waits for the words."""
        return self.recognise_for(Share(), clips, options, is_urgent=True)

    def recognise_for(
        self, share: Share, clips: Sequence[np.ndarray], options: Options, is_urgent: bool = False
    ) -> Iterator[Recognition]:
        """See `recognise`; the clips count towards a recording's share."""
        call = call_of(share, clips, options, is_urgent)
        with self._changed:
            if self._closed:
                raise RuntimeError("the scheduler is closed")
            if clips:
                self._line.add(call)
            self._changed.notify_all()
        try:
            yield from call.in_order(len(clips))
        finally:
            with self._changed:
                call.clips.clear()

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        """See Recognizer: on the card on which fewest have been opened, so that streams spread over all."""
        if len(self.cards) == 1:
            return self._recognizer.open_speech_finder(pause_ms)
        card = self._card_for_a_stream()
        return _FinderOnCard(card.recognizer.open_speech_finder(pause_ms), card)

    def open_live_finder(self, pause_ms: int) -> LiveSpeechFinder:
        """See `open_speech_finder`."""
        if len(self.cards) == 1:
            return self._recognizer.open_live_finder(pause_ms)
        card = self._card_for_a_stream()
        return _LiveFinderOnCard(card.recognizer.open_live_finder(pause_ms), card)

    def _card_for_a_stream(self) -> Card:
        with self._changed:
            card = min((each for each in self.cards if not each.lost), key=lambda each: each.streams)
            card.streams += 1
            return card

    def has_others(self, number: int) -> bool:
        """Return whether another recogniser than that with this number, from 0, still answers."""
        return any(not each.lost for each in self.cards if each is not self.cards[number])

    def take_out(self, number: int, reason: str) -> bool:
        """Give a recogniser that answers nothing any more no further clips; return False when it had none.

        What it was asked last goes to another. The last one stays: whoever asks gets its errors.
        """
        with self._changed:
            card = self.cards[number]
            if card.lost or not self.has_others(number):
                return False
            card.lost = reason
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Finish the batches under way and stop; calls that still wait get an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for call in self._line.calls:
            call.answers.put((0, RuntimeError("the scheduler is closed")))

    def _work(self, card: Card) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or card.lost or self._line.calls)
                if self._closed or card.lost:
                    return
                batch = self._line.take()
            unanswered = self._recognise(card, batch)
            if unanswered:
                with self._changed:
                    self._line.put_back(unanswered)
                    self._changed.notify_all()

    def _recognise(self, card: Card, batch: Batch) -> Batch:
        """Have a batch recognised; return what a card that was lost meanwhile has not answered."""
        if not batch:
            return []
        answered = 0
        try:
            for answer in card.recognizer.recognise([each.clip for each in batch], batch[0].call.options):
                if card.lost and answer.error:
                    return batch[answered:]
                batch[answered].answer(answer)
                answered += 1
        except BaseException as exc:  # it belongs to those who asked, not to this thread
            if card.lost:
                return batch[answered:]
            for each in batch[answered:]:
                each.answer(exc)
        return []


class _OneRecording(ForwardingRecognizer):
    """See `Scheduler.share`."""

    def __init__(self, scheduler: Scheduler, share: Share) -> None:
        super().__init__(scheduler)
        self._scheduler = scheduler
        self._share = share

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        return self._scheduler.recognise_for(self._share, clips, options)


class _FinderOnCard:
    """A SpeechFinder that tells when its card is lost: what it had heard is then gone with it."""

    def __init__(self, finder: SpeechFinder, card: Card) -> None:
        self._finder = finder
        self._card = card

    @property
    def settled_ms(self) -> int:
        return self._finder.settled_ms

    def feed(self, samples: np.ndarray) -> list[Speech]:
        try:
            return self._finder.feed(samples)
        except RuntimeError as exc:
            raise self._what_it_means(exc) from exc

    def finish(self) -> list[Speech]:
        try:
            return self._finder.finish()
        except RuntimeError as exc:
            raise self._what_it_means(exc) from exc

    def _what_it_means(self, error: RuntimeError) -> Exception:
        return CardLost(reason=self._card.lost) if self._card.lost else error


class _LiveFinderOnCard(_FinderOnCard):
    """The same for a stream that is being made."""

    def __init__(self, finder: LiveSpeechFinder, card: Card) -> None:
        super().__init__(finder, card)
        self._live = finder

    @property
    def open_ms(self) -> int | None:
        return self._live.open_ms
