"""Messages to other programs, signed as standardwebhooks.com has it: a job has ended, or what another feature
has to tell of one.

targets.py says where they may go, messages.py keeps them in the folders of their jobs, signing.py signs them,
delivery.py posts one, sender.py does so again and again until it has arrived.
"""

from __future__ import annotations

from sensevoice.webhooks.sender import WebhookSender
from sensevoice.webhooks.signing import kept_secret
from sensevoice.webhooks.targets import Targets

__all__ = ["Targets", "WebhookSender", "kept_secret"]
