"""Minutes of a recording, by a language model that the user brings: `--llm-url`.

prompt.py puts rows into questions of bounded length, client.py asks the model, answer.py reads what it says
and checks what it cites, markdown.py writes it down, maker.py does all of it for a job and keeps it there,
and export.py puts it into the exported file.
Nothing is sent without the option, and to no other address.
"""

from __future__ import annotations

from sensevoice.minutes.client import LanguageModel
from sensevoice.minutes.export import exported
from sensevoice.minutes.maker import MinutesMaker

__all__ = ["LanguageModel", "MinutesMaker", "exported"]
