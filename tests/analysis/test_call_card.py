"""The card of a conversation, by hand-made rows of which every figure can be counted."""

from __future__ import annotations

from sensevoice.analysis.call_card import CallCard, call_card
from sensevoice.transcript import Segment, Span, Transcript


def said(who: str, start_ms: int, end_ms: int, text: str = "一二三四五六", emotion: str = "") -> Segment:
    return Segment("speech", Span(start_ms, end_ms), text, "", "zh", emotion, speaker=who)


def card_of(*rows: Segment) -> CallCard:
    return call_card(Transcript("call.wav", 60_000, rows))


def test_shares_turns_rates_and_the_mood_that_turned() -> None:
    card = card_of(
        said("S1", 0, 4_000),
        said("S1", 4_500, 6_500),
        said("S2", 8_000, 10_000, emotion="ANGRY"),
        said("S1", 10_400, 12_400, emotion="HAPPY"),
    )
    first, second = card.people
    assert (first.who, first.talk_ms, first.turns, first.share) == ("S1", 8_000, 2, 0.8)
    assert (second.who, second.talk_ms, second.turns, second.share) == ("S2", 2_000, 1, 0.2)
    assert (first.response_ms, second.response_ms) == (400, 1_500)
    assert first.characters_per_minute == 18 * 60_000 / 8_000
    assert second.characters_per_minute is None, "2 s are too few"
    assert first.words_per_minute is None
    assert second.emotions == (("ANGRY", 2_000),) and second.turned == Span(8_000, 10_000)
    assert first.turned is None
    assert card.longest_silence == Span(6_500, 8_000)


def test_who_makes_another_stop_interrupts_and_who_is_talked_over_does_not() -> None:
    card = card_of(
        said("S1", 0, 5_000),
        said("S2", 4_200, 8_000),  # S1 stops 0.8 s later
        said("S1", 6_000, 9_000),  # S2 goes on for 2 s
        said("S2", 9_000, 10_000),  # begins when the other has ended
    )
    first, second = card.people
    assert (first.interruptions, second.interruptions) == (0, 1)
    assert second.response_ms == 0


def test_channels_stand_for_people_and_nothing_said_is_an_empty_card() -> None:
    left = Segment("speech", Span(0, 1_000), "好", channel="left")
    failed = Segment("speech", Span(5_000, 6_000), channel="right", error="…")
    sound = Segment("sound", Span(2_000, 3_000))
    assert [each.who for each in card_of(left, sound, failed).people] == ["left"]
    assert card_of(sound) == CallCard((), None)
