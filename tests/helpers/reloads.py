"""A service, the folder of rulebooks that it was given, and what is asked of both."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from softbalance.rules.language.loader import load_library

from written_rulebooks import VARIANT, book

Serve = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]
EDITED = VARIANT.replace("A threat is enough.", "A threat suffices.")
POST = "/v1/classifications?rulebook=my-variant&detail=verdict"
EPISODE = json.dumps({"form": "other"})
KIND = {"Content-Type": "application/json"}


def digest_in(folder: Path) -> str:
    return load_library([folder])["my-variant"].digest


def call(address: str, path: str, body: str | None = None) -> Any:
    request = urllib.request.Request(address + path, None if body is None else body.encode(), KIND)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def post(address: str) -> tuple[str, str]:
    """Have an episode classified and stored; return the record's id and the rulebook's digest."""
    answer = call(address, POST, EPISODE)
    return answer["id"], answer["rulebook"]["digest"]


def replays(address: str, record: str) -> bool:
    return bool(call(address, f"/v1/classifications/{record}/replay", "")["identical"])


def told_digests(address: str) -> set[str]:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return set(re.findall(r'rulebook_info{digest="(\S+)",rulebook="my-variant",.*} 1.0', text))


def master_of(tmp_path: Path) -> psutil.Process:
    # asked of all at once: of those that end meanwhile nothing is told
    found = [p for p in psutil.process_iter(["cwd", "ppid"]) if p.info["cwd"] == str(tmp_path)]
    (master,) = [p for p in found if p.info["ppid"] == os.getpid()]
    return master


def kill_workers(tmp_path: Path, address: str) -> None:
    """Kill every worker, and wait for those that come in their place."""
    for worker in master_of(tmp_path).children():
        worker.kill()
        worker.wait(20)
    assert call(address, "/healthz") == {"status": "alive"}


def await_workers(tmp_path: Path, number: int) -> None:
    """Wait until there are so many workers: those before have finished."""
    deadline = time.monotonic() + 60
    while len(master_of(tmp_path).children()) != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def reloaded(run: Run, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    return run("rulebook", "reload", "--port", urlsplit(address).port, *options)


def break_rule(folder: Path) -> None:
    book(folder, VARIANT.replace("hegemon_seen_as_threat", "hegemon_seen_as_thread"))


def await_text(log: Path, text: str) -> None:
    """Wait until a log holds a text."""
    deadline = time.monotonic() + 60
    while not log.exists() or text not in log.read_text("utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
