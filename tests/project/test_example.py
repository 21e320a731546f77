"""The worked example, from start to end: each command on the page, with the output shown there."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

from console import run_step, shows, steps
from places import ROOT

PAGE = (ROOT / "docs" / "example.md").read_text("utf-8")


def _posted(command: str, folder: Path) -> str:
    """Make the request of a `curl` on the page, and return the status."""
    address = re.findall(r"http://\S+", command)[0]
    name, value = re.findall(r"-H '(.*?): (.*?)'", command)[0]
    body = (folder / re.findall(r"--data @(\S+)", command)[0]).read_bytes()
    request = urllib.request.Request(address, body, {name: value})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return f"{answer.status}\n"


def test_every_command_does_what_the_pageshows(tmp_path: Path, serve: Callable[..., str]) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    server, ran = "", 0
    for command, shown in steps(PAGE):
        if command == "softbalance serve &":
            server = serve()
            continue
        if command.startswith("curl "):
            outputs = [_posted(command.replace("http://127.0.0.1:8000", server), tmp_path)]
        else:
            outputs = run_step(command, tmp_path)
        assert any(shows(shown, output) for output in outputs), f"{command}\n{outputs[2:]}"
        ran += 1
    assert ran == PAGE.count("\n$ ") - 1


def test_a_page_that_tells_otherwise_would_be_found_out() -> None:
    assert shows(["a", "…", "b c…"], "a\nx\ny\nb c d\n")
    assert not shows(["a", "b"], "a\nx\nb\n")
    assert not shows(["a"], "a\nb\n")
    assert not shows(["a"], "A\n")
