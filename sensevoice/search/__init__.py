"""Search over the rows of all recordings: a database that can be deleted, made from the jobs' folders.

tokens.py writes text so that SQLite finds any part of it, database.py holds the rows as stored.py says,
query.py reads what somebody looks for, vocabulary.py knows its words in both languages, matching.py makes SQL
of it, finding.py answers. follow.py keeps the database as the jobs are, rules.py keeps searches under names,
service.py is all of it for a running program. Nothing here knows of gradio, HTTP, or of recognition.
"""

from __future__ import annotations

from sensevoice.search.service import RuleMatch, SearchService

__all__ = ["RuleMatch", "SearchService"]
