"""Readers of Word and Excel files that know nothing of the writers: zip and XML alone."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def parts(content: bytes) -> dict[str, ElementTree.Element]:
    """Return every XML part of an Office file by its name; a part that is no XML fails."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        names = [name for name in package.namelist() if name.endswith((".xml", ".rels"))]
        return {name: ElementTree.fromstring(package.read(name)) for name in names}


def paragraphs(content: bytes) -> list[tuple[str, str]]:
    """Return style and text of every paragraph of a Word file, those in tables included."""
    body = parts(content)["word/document.xml"]
    found = []
    for element in body.iter(f"{W}p"):
        style = element.find(f"{W}pPr/{W}pStyle")
        text = "".join(each.text or "" for each in element.iter(f"{W}t"))
        found.append(("" if style is None else style.attrib[f"{W}val"], text))
    return found


def table(content: bytes) -> list[list[str]]:
    """Return the cells of the only table of a Word file."""
    (found,) = parts(content)["word/document.xml"].iter(f"{W}tbl")
    return [
        ["".join(each.text or "" for each in cell.iter(f"{W}t")) for cell in row.iter(f"{W}tc")]
        for row in found.iter(f"{W}tr")
    ]


def text_of(content: str | bytes) -> str:
    """Return all the text of a file: itself, or what stands in a Word or Excel file."""
    if isinstance(content, str):
        return content
    if "word/document.xml" in parts(content):
        return "\n".join(text for _, text in paragraphs(content))
    return "\n".join(each.text or "" for each in parts(content)["xl/sharedStrings.xml"].iter(f"{S}t"))
