"""What ends a run before it has begun, and the codes of what is wrong with a row."""

from __future__ import annotations

import errno
import os


class UnusableDataset(ValueError):
    """An input, an output or an engine cannot be used; the message says why and what to do.

    Nothing has been written when this is raised.
    """


def count_lines(most: int) -> str:
    """Say that there are more lines than are taken."""
    return f"the batch has more than {most} lines"


#: Codes in a rejects file, beside those of `softbalance.schemas` (`unknown`, `required`, …).
RAGGED, QUOTING, ENCODING, LENGTH, JSON, DISAGREE, TOO_MANY = (
    "ragged",
    "quoting",
    "encoding",
    "length",
    "json",
    "disagree",
    "too-many-lines",
)
#: What only a write fails with: a full disk, a quota, a limit on the size of a file.
_OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: How DuckDB tells that what it keeps on disk for the time being has filled it.
_SPILLED = "max_temp_directory_size"


def find_lack_of_space(error: Exception) -> str | None:
    """Return the reason if an error says that a disk is full, None if it says something else.

    DuckDB has no type for this error, and tells of it in words.
    """
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno in _OUT_OF_SPACE else None
    told = str(error)
    if _SPILLED in told:
        return os.strerror(errno.ENOSPC)
    return next((os.strerror(n) for n in _OUT_OF_SPACE if os.strerror(n) in told), None)
