"""Files that are no plain files: pipes, devices, and the descriptors that a shell hands over."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO

_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def is_stream(path: Path) -> bool:
    """Return whether `path` can be read or written once only, from its beginning to its end.

    Such are pipes and devices, and all descriptors that are named as output (`/dev/stdout`,
    `/dev/fd/3`), whatever they lead to: others may write to them too.
    """
    if descriptor_of(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def descriptor_of(path: Path) -> int | None:
    """Return the number of the open file that a path such as `/dev/stdout` names."""
    name = str(path)
    if found := _DESCRIPTOR.fullmatch(name):
        return int(found[1])
    return _STANDARD.get(name)


def open_to_write(path: Path) -> BinaryIO:
    """Open a stream for writing; a descriptor goes on where it stands. Raises OSError."""
    descriptor = descriptor_of(path)
    if descriptor is None:
        return path.open("wb")
    for buffered in (sys.stdout, sys.stderr):
        if buffered is not None:
            buffered.flush()
    return os.fdopen(os.dup(descriptor), "wb")
