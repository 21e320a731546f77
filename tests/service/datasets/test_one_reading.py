"""One reading of CSV: a file is read by `classify` as `POST /v1/batches` reads the same bytes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import Library
from softbalance.service.datasets.batches import classify_lines, sheet_lines
from softbalance.service.datasets.reading.defects import UnusableDataset

from dataset_files import BROOKS, Row, classify, read, read_lines

Classifiers = dict[str, Classifier]


Reader = Callable[[bytes], "Told | str"]


class Told(NamedTuple):
    """What is told of the rows of a sheet, in order: classes with ids, and mistakes with lines."""

    classified: list[tuple[str | None, str]]
    mistakes: list[tuple[int, str, str]]


def of_file(folder: Path, body: bytes) -> Told | str:
    """What `classify` tells, ids that it made up left out; or the reason why it refuses."""
    sheet, out = folder / "in.csv", folder / "out.ndjson"
    sheet.write_bytes(body)
    done = classify(sheet, "-o", out)
    if done.status == 2:
        return done.err.strip().removeprefix(f"softbalance: {sheet}: ")
    rejects: list[Row] = read(folder / "out.ndjson.rejects.csv") if done.status == 3 else []
    rows = read_lines(out.read_text())
    made = {f"row-{n}" for n in range(1, len(body) + 1)}
    return Told(
        [(None if row["id"] in made else row["id"], row["classification"]) for row in rows],
        [(int(row["line"]), row["column"], row["code"]) for row in rejects],
    )


def of_batch(library: Library, classifier: Classifier, body: bytes) -> Told | str:
    """What a batch tells."""
    told = Told([], [])
    try:
        lines = sheet_lines(io.BytesIO(body), library.codebook)
    except UnusableDataset as error:
        return str(error).removeprefix("the body: ")
    for line, answer in classify_lines(lines, classifier, "verdict"):
        if answer is None:
            told.mistakes.extend((line.number, m.pointer.strip("/"), m.code) for m in line.mistakes)
        else:
            told.classified.append((answer["episode"].get("id"), answer["classification"]))
    return told


@pytest.fixture(scope="session")
def read_batch(library: Library, classifiers: Classifiers) -> Reader:
    def read_body(body: bytes) -> Told | str:
        return of_batch(library, classifiers[BROOKS], body)

    return read_body


NAMES = ["id", "form", "constrains_hegemon", "costly_commitment", "own"]
BLANKS = ["", "", "", " ", "\t", "\u00a0", "\u200b", "\ufeff"]
IDS = ["", "a", "B 1", "#help", "é", "~"]
FORMS = ["other", "other", "OTHER", "joint_force", "", "what to do"]
VALUES = ["yes", "No", "1.0", "0.0", "T", "f", "TRUE", "", "contested", "n/a", "2.0", "perhaps"]
OWN = ["x", "", "é", "two\nlines", "two\rlines", "a;b,c\td", 'a "b"']
#: What may stand between rows and in place of one.
ODD = [b"", b"  ", b"\xa0", b'"', b'x"y', b'"a"b', b"\xe9", b"a\0b", b"a\rb"]


def enclose(cell: str, delimiter: str, always: bool) -> str:
    if always or any(mark in cell for mark in f'"\r\n{delimiter}'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def sheets(draw: st.DrawFn) -> bytes:
    """Sheets as programs write them, some of their rows damaged."""
    delimiter = draw(st.sampled_from([",", ",", ";", "\t"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    named = draw(st.sampled_from(["", "", f"sep={delimiter}{end}"]))
    names = [*NAMES[:-1], draw(st.sampled_from(["own", "my own", "own,\nby me", "own\rtoo"]))]
    always = draw(st.booleans())

    def write(cells: list[str]) -> bytes:
        return delimiter.join(enclose(cell, delimiter, always) for cell in cells).encode()

    def cell(said: list[str]) -> str:
        before, after = (draw(st.sampled_from(BLANKS)) for _ in range(2))
        blanks = BLANKS if delimiter != "\t" else [b for b in BLANKS if b != "\t"]
        return f"{before if before in blanks else ''}{draw(st.sampled_from(said))}" + (
            after if after in blanks else ""
        )

    lines = [write(names)]
    for kind in draw(st.lists(st.sampled_from("rrrrrsbnxo"), max_size=7)):
        row = write([*map(cell, (IDS, FORMS, VALUES, VALUES)), draw(st.sampled_from(OWN))])
        separator = delimiter.encode()
        if kind == "s":  # a spreadsheet's empty columns
            row += separator * draw(st.integers(1, 3))
        elif kind == "b":  # a spreadsheet's empty rows
            row = separator * draw(st.integers(1, 6))
        elif kind == "n":
            row += separator + draw(st.sampled_from([b"", b" ", b'""'])) + separator + b"note"
        elif kind == "x":
            row = row[: draw(st.integers(0, len(row)))]
        elif kind == "o":
            row = draw(st.sampled_from(ODD))
        lines.append(row)
    last = draw(st.sampled_from([end, ""]))
    return (mark + named).encode() + end.encode().join(lines) + last.encode()


HEADER = ",".join(NAMES).encode()


@settings(max_examples=25, deadline=None)
@given(sheets())
@example(HEADER + b"\ra,other,yes,no,x\rb,other,no,,y\r")
@example(b"sep=;\r\n" + HEADER.replace(b",", b";") + b"\r\na;other;yes;no;x\r\n")
@example(HEADER + b"\na,other,yes,no,x,,\nb,other,no,,y\nc,nosuch,no,,\n,,,,\n")
@example(HEADER + b"\na,other,yes,no,x, ,note\nb,other,no,,y,,\n")
@example(b'id,form,"own\nhere"\na,other,x\n,nosuch,y\n')
@example(b'id,form,"own\rtoo"\n,other,x\n')
@example(b'sep=,\nid,form,own\na,other,"x\r\ny"\nb,other,\n')
@example(b"id,form,own\na,other\rb,other,x\nc,other,\n")
@example(b"id,form,own\r\na,other,\r\nb,other,x\rc,other,y\r\n")
@example(b"id,form,own\ra,other,x\nb,other,\r")
@example(b"i\0d\0,\0f\0o\0r\0m\0\n\0a\0,\0o\0t\0h\0e\0r\0\n\0")
@example(b"PK\x03\x04 and what is packed")
def test_a_file_is_read_as_a_batch_is(
    tmp_path_factory: pytest.TempPathFactory, read_batch: Reader, body: bytes
) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    assert of_file(folder, body) == read_batch(body)


def test_lone_returns_end_the_lines_of_a_batch(read_batch: Reader) -> None:
    told = read_batch(b"id,form,constrains_hegemon\ra,other,no\rb,other,no\r")
    assert told == Told([("a", "not_a_constraint"), ("b", "not_a_constraint")], [])
