"""The codebook as a REFI-QDA codebook (`.qdc`), which NVivo, ATLAS.ti, MAXQDA and others import.

After REFI-QDA 1.5 (25 September 2019), section 5.2: https://www.qdasoftware.org. A group becomes a
code that nothing can be coded with, an indicator one below it, and its answers codes below that,
to be given to passages that speak for one. The forms are a group too.
"""

from __future__ import annotations

import uuid
from importlib.metadata import version
from xml.etree import ElementTree

from softbalance.rules.model import Cite, Codebook
from softbalance.schemas.fields import NO, YES

NAMESPACE = "urn:QDA-XML:codebook:1.0"
_COLOURS = {YES: "#2E7D32", NO: "#C62828"}


def qdc(codebook: Codebook) -> str:
    """Return the codebook as the text of a `.qdc` file.

    A code keeps its GUID through versions of the codebook, so that a program that has imported it
    once knows it again.
    """
    root = ElementTree.Element("CodeBook", origin=f"softbalance {version('softbalance')}")
    root.set("xmlns", NAMESPACE)
    codes = ElementTree.SubElement(root, "Codes")
    for group in codebook.groups:
        parent = _code(codes, codebook, group.title, f"group:{group.id}", codable=False)
        for indicator in codebook.indicators.values():
            if indicator.group == group.id:
                text = f"{indicator.question} {indicator.help} {_format_cites(indicator.cites)}"
                code = _code(parent, codebook, indicator.id, indicator.id, text)
                for value in indicator.values:
                    name = f"{indicator.id}: {value}"
                    _code(code, codebook, name, name, colour=_COLOURS.get(value, ""))
    forms = _code(codes, codebook, "Forms", "group:forms", codable=False)
    for form in codebook.forms.values():
        text = f"{form.label}. {form.because} {_format_cites(form.cites)}"
        _code(forms, codebook, f"form: {form.id}", f"form:{form.id}", text)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _code(  # noqa: PLR0913 - as many as the element has
    parent: ElementTree.Element,
    codebook: Codebook,
    name: str,
    key: str,
    description: str = "",
    *,
    codable: bool = True,
    colour: str = "",
) -> ElementTree.Element:
    guid = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:softbalance:{codebook.id}:{key}")
    code = ElementTree.SubElement(
        parent, "Code", guid=str(guid), name=name, isCodable=str(codable).lower()
    )
    if colour:
        code.set("color", colour)
    if description:
        ElementTree.SubElement(code, "Description").text = description.strip()
    return code


def _format_cites(cites: tuple[Cite, ...]) -> str:
    return f"({'; '.join(f'{cite.source}, {cite.section}' for cite in cites)})" if cites else ""
