"""Commands on a page of the documents, run as a reader would, and what the page shows of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """A command, and the lines that the page shows of its output."""

    command: str
    shown: list[str]


def steps(page: str) -> Iterator[Step]:
    """Yield every command in the blocks of a page, with what is shown below it."""
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield Step(command, [line.rstrip() for line in shown])


def shows(shown: list[str], output: str) -> bool:
    """Whether an output is as shown; `…` is any lines, or the end of a line."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"[ ]*\n"
        for line in shown
    )
    return re.fullmatch(pattern, output) is not None


def run_step(command: str, folder: Path) -> list[str]:
    """Run a command of the page; return its output, its errors, and both."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return [done.stdout, done.stderr, done.stderr + done.stdout]
