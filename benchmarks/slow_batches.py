"""A client that notices when a worker is replaced badly: it sends batches slowly."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator

_LINE = b'{"form": "other"}\n'


class SlowBatches(threading.Thread):
    """Sends batches that last longer than a worker, until told to stop; counts how they end."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.over = threading.Event()
        #: `whole`, `told to send the rest again`, or `broken`.
        self.ends: Counter[str] = Counter()

    def run(self) -> None:
        """Send one batch after the other."""
        while not self.over.is_set():
            self.ends[self._send()] += 1

    def _send(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            # the body is sent by a thread of its own, so that the answer is read meanwhile
            connection.putrequest("POST", "/v1/batches")
            connection.putheader("Content-Type", "application/x-ndjson")
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            threading.Thread(target=self._feed, args=(connection,), daemon=True).start()
            lines = list(connection.getresponse())
        except (OSError, http.client.HTTPException):
            return "broken"
        finally:
            connection.close()
        error = json.loads(lines[-1]).get("error", {}) if lines else {}
        if error.get("type", "").endswith(":service-stopping"):
            return "told to send the rest again"
        return "broken" if error or not lines else "whole"

    def _feed(self, connection: http.client.HTTPConnection) -> None:
        try:
            for count in self._counts():
                data = _LINE * count
                connection.send(b"%x\r\n%s\r\n" % (len(data), data))
            connection.send(b"0\r\n\r\n")
        except (OSError, AttributeError):  # closed by either side
            return

    def _counts(self) -> Iterator[int]:
        yield 1500
        until = time.monotonic() + 20
        while time.monotonic() < until and not self.over.wait(0.1):
            yield 1
