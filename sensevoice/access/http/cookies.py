"""Our own cookie in a Cookie header, which other programs under the same host fill with anything."""

from __future__ import annotations


def values_of(header: str, name: str) -> list[str]:
    """Return the values of a cookie, in the order in which they came; linear in the length of the header.

    A browser sends two of one name if their paths differ. http.cookies is quadratic before Python 3.11.10
    (CVE-2024-7592) and gives up at the first cookie of others that is not as RFC 6265 wants it.
    """
    pairs = (part.partition("=") for part in header.split(";"))
    return [value.strip().strip('"') for key, _, value in pairs if key.strip() == name]
