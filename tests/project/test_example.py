"""The worked example, from start to end: each command on the page, with the output shown there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from places import ROOT

PAGE = (ROOT / "docs" / "example.md").read_text("utf-8")


class Step(NamedTuple):
    """A command, and the lines that the page shows of its output."""

    command: str
    shown: list[str]


def _steps() -> Iterator[Step]:
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield Step(command, [line.rstrip() for line in shown])


def _shows(shown: list[str], output: str) -> bool:
    """Whether an output is as shown; `…` is any lines, or the end of a line."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"[ ]*\n"
        for line in shown
    )
    return re.fullmatch(pattern, output) is not None


def _run(command: str, folder: Path) -> list[str]:
    """Run a command of the page; return its output, its errors, and both."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return [done.stdout, done.stderr, done.stderr + done.stdout]


def _posted(command: str, folder: Path) -> str:
    """Make the request of a `curl` on the page, and return the status."""
    address = re.findall(r"http://\S+", command)[0]
    name, value = re.findall(r"-H '(.*?): (.*?)'", command)[0]
    body = (folder / re.findall(r"--data @(\S+)", command)[0]).read_bytes()
    request = urllib.request.Request(address, body, {name: value})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return f"{answer.status}\n"


def test_every_command_does_what_the_page_shows(tmp_path: Path, serve: Callable[..., str]) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    server, ran = "", 0
    for command, shown in _steps():
        if command == "softbalance serve &":
            server = serve()
            continue
        if command.startswith("curl "):
            outputs = [_posted(command.replace("http://127.0.0.1:8000", server), tmp_path)]
        else:
            outputs = _run(command, tmp_path)
        assert any(_shows(shown, output) for output in outputs), f"{command}\n{outputs[2:]}"
        ran += 1
    assert ran == PAGE.count("\n$ ") - 1


def test_a_page_that_tells_otherwise_would_be_found_out() -> None:
    assert _shows(["a", "…", "b c…"], "a\nx\ny\nb c d\n")
    assert not _shows(["a", "b"], "a\nx\nb\n")
    assert not _shows(["a"], "a\nb\n")
    assert not _shows(["a"], "A\n")
