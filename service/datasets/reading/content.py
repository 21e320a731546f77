"""What a file is that is not what its name says, told by its first bytes."""

from __future__ import annotations

import codecs

_SHEET = "in the program that it comes from, save the sheet as .xlsx or as CSV (UTF-8)"
_TABLE = "write the table as CSV or Parquet with the program that it comes from"
_UNPACK = "unpack it and name the file inside"
_NAME = "let its name end in "
_PAGE = "the download may have gone wrong or want a sign-in; fetch the data file itself"
#: First bytes → what has them, and what to do. The first that fits counts.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _NAME + ".zip"),
    (b"PK\x05\x06", "an empty zip archive", _UNPACK),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (.xls), or one under a password",
        _SHEET,
    ),
    (b"%PDF-", "a PDF", "find the data themselves, as CSV"),
    (b"{\\rtf", "rich text (RTF)", "save it as plain text"),
    (b"<!doctype", "a web page (HTML)", _PAGE),
    (b"<html", "a web page (HTML)", _PAGE),
    (b"<?xml", "XML", _SHEET),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"ARROW1\x00\x00", "an Arrow (Feather) file", _NAME + ".feather"),
    (b"<stata_dta>", "a Stata file (.dta)", _NAME + ".dta"),
    (b"$FL2@(#)", "an SPSS file (.sav)", _NAME + ".sav"),
    (b"RDX2\n", "R data (.rda)", _TABLE),
    (b"RDX3\n", "R data (.rda)", _TABLE),
    (b"X\n\x00\x00\x00", "R data (.rds)", _NAME + ".rds"),
    (b"Obj\x01", "an Avro file", _TABLE),
    (b"BZh91AY&SY", "packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", _NAME + ".zst"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"PAR1\x15", "a Parquet file", "let its name end in .parquet"),
    (b"\x1f\x8b", "packed with gzip twice", _UNPACK),
)
#: Parts of a zip archive → the document that it is, and what to do.
_DOCUMENTS = (
    (b"xl/", "an Excel workbook (.xlsx)", _NAME + ".xlsx"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _SHEET),
    (b"word/", "a Word document (.docx)", "save its table as CSV (UTF-8)"),
    (b"Index/", "a Numbers sheet", _SHEET),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_LOOKED_AT = 4096


def name_content(start: bytes, *, parquet: bool = False) -> str | None:
    """Return what a file is, by how it begins, and what to do; None if it may be UTF-8 text.

    With `parquet` that is fine too.
    """
    if encoding := _name_encoding(start):
        return (
            f"is {encoding}, not UTF-8; read it with --encoding {encoding.lower()}, or save it as "
            "UTF-8 (a spreadsheet's 'CSV UTF-8')"
        )
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()[:32].lower()
    for signature, what, remedy in _SIGNATURES:
        if not (
            start.startswith(signature) or (signature.islower() and text.startswith(signature))
        ):
            continue
        if signature.startswith(b"PAR1") and parquet:
            return None
        if signature.startswith(b"PK"):
            for mark, document, way in _DOCUMENTS:
                if mark in start:
                    return f"is {document}, whatever its name says; {way}"
        return f"is {what}, whatever its name says; {remedy}"
    return None


def _name_encoding(start: bytes) -> str | None:
    """Return the encoding of text that is not UTF-8: by its mark, or by where its zeros are."""
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked or len(start) < 8:
        return marked
    looked = start[:_LOOKED_AT]
    zeros = [looked[place::4].count(0) / len(looked[place::4]) for place in range(4)]
    often = [share > 0.5 for share in zeros]
    patterns = {
        (False, True, True, True): "UTF-32LE",
        (True, True, True, False): "UTF-32BE",
        (False, True) * 2: "UTF-16LE",
        (True, False) * 2: "UTF-16BE",
    }
    return patterns.get((often[0], often[1], often[2], often[3]))
