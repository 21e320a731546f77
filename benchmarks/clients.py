"""Clients of a service that is being broken: those that post, and one that asks if it is alive."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter

ACKNOWLEDGED, REFUSED, IN_DOUBT = "acknowledged", "refused", "in doubt"


class Poster(threading.Thread):
    """Posts episodes, each under a name of its own, until told to stop."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__()
        self._port, self._name = port, name
        self._connection = self._connect()
        self.over = threading.Event()
        #: Parameters of the query, if any.
        self.query = ""
        self.outcome: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def run(self) -> None:
        """Post until it is over; a refusal is no reason to hurry."""
        while not self.over.is_set():
            episode = f"{self._name}-{len(self.outcome)}"
            self.post(episode)
            if self.outcome[episode] != ACKNOWLEDGED:
                time.sleep(0.3)

    def post(self, episode: str) -> None:
        """Post an episode and note what came of it."""
        self.outcome[episode] = IN_DOUBT
        body = json.dumps({"id": episode, "form": "other"})
        headers = {"Content-Type": "application/json", "Idempotency-Key": episode}
        try:
            self._connection.request("POST", f"/v1/classifications{self.query}", body, headers)
            answer = self._connection.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = self._connect()
            return
        self.statuses[answer.status] += 1
        if b"problem:commit-unknown" not in told:
            self.outcome[episode] = ACKNOWLEDGED if answer.status in (200, 201) else REFUSED


class HealthCheck(threading.Thread):
    """Asks /healthz until told to stop; `longest` is what an answer took, in seconds."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.over = threading.Event()
        self.longest = 0.0

    def run(self) -> None:
        """Ask, each time on a new connection."""
        while not self.over.wait(0.1):
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
            try:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                pass  # the worker that was asked is killed
            finally:
                connection.close()
            self.longest = max(self.longest, time.monotonic() - began)
