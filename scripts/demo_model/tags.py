"""The tags of the SenseVoice vocabulary.

A recogniser answers with ``<|language|><|EMOTION|><|Event|><|itn|>text``.  The demonstration model knows
every tag of the released model's vocabulary, although it was only taught a few of them, so that
programs that look tags up find them all.
"""

from __future__ import annotations

LANGUAGE_NAMES = """
zh en zh/en en/zh yue minnan wuyu dialect ja de es ru ko fr pt tr pl ca nl ar sv it id hi fi vi he
uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy
ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb
my bo tl mg as tt haw ln ha ba jw su
""".split()  # noqa: SIM905  one name a line would fill pages

OTHER_NAMES = """
ASR AED SER nospeech Speech /Speech BGM /BGM Laughter /Laughter Applause /Applause HAPPY SAD ANGRY
NEUTRAL FEARFUL DISGUSTED SURPRISED OTHER EMO_UNKNOWN Cry Sneeze Breath Cough Sing Speech_Noise
withitn woitn GBG Event_UNK
""".split()  # noqa: SIM905  one name a line would fill pages

SPECIAL_NAMES = [f"SPECIAL_TOKEN_{number}" for number in range(1, 36)]

ALL_TAGS = [f"<|{name}|>" for name in LANGUAGE_NAMES + OTHER_NAMES + SPECIAL_NAMES]
"""Every tag, in the released vocabulary's order."""

LANGUAGES = ("zh", "yue", "en", "ja", "ko")
"""The languages the model is taught."""

EMOTIONS = ("NEUTRAL", "HAPPY", "ANGRY", "SAD")
"""The emotions the model is taught; sounds without speech get ``EMO_UNKNOWN``."""

SOUND_EVENTS = ("BGM", "Applause", "Laughter", "Cough")
"""The sound events the model is taught, besides ``Speech`` and ``Event_UNK`` (nothing to be heard)."""


def tag(name: str) -> str:
    """Write a tag the way the vocabulary does: ``zh`` becomes ``<|zh|>``."""
    return f"<|{name}|>"
