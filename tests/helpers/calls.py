"""Calls of a real server, from as many clients at a time as a test needs."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import NamedTuple

RECORDS = "/v1/classifications"


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    text: str

    @property
    def kind(self) -> str:
        """The type of a problem, without what all have in common."""
        return str(json.loads(self.text)["type"]).removeprefix("urn:softbalance:problem:")


def call(
    address: str, path: str, body: object = None, *, longest: float = 30, **headers: str
) -> Answer:
    """Get what is at a path, or post a body to it as JSON; raises OSError without an answer."""
    data = None if body is None else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Content-Type"] = "application/json"
    request = urllib.request.Request(address + path, data, sent)
    try:
        with urllib.request.urlopen(request, timeout=longest) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


def call_at_once(calls: Iterable[Callable[[], Answer]]) -> list[Answer]:
    """Make all calls at the same time; return what each was answered, in no order."""
    answers: list[Answer] = []

    def make(one: Callable[[], Answer]) -> None:
        answers.append(one())

    threads = [threading.Thread(target=make, args=(one,)) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
