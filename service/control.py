"""How a command on the same machine asks a running service for something: through a Unix socket.

It lies in a folder that only the user who runs the service can enter, named by the address that
the service listens on. The command sends a line and gets a line of JSON back.
"""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

import orjson

#: The only thing that can be asked for.
RELOAD = b"reload\n"
#: Seconds that a command which is connected may take to say what it asks for.
_PATIENCE = 2


class Outcome(TypedDict):
    """What came of a reload: whether it was done, why not or what is odd, and the rulebooks loaded.

    Each rulebook is its id, version and digest.
    """

    done: bool
    detail: str
    rulebooks: list[tuple[str, str, str]]


class NoService(LookupError):
    """No service can be asked; the message says which ones could be."""


def find_socket(host: str, port: int) -> Path:
    """Return the path of the socket of the service of this user at an address."""
    folder = Path(tempfile.gettempdir()) / f"softbalance-{os.getuid()}"
    return folder / f"{host.replace('/', '_')}-{port}.sock"


class ControlSocket:
    """The service's end: it is looked at between other things, and nobody waits for it."""

    def __init__(self, path: Path) -> None:
        """Listen at the path; raises OSError, also if others can enter its folder."""
        folder = path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o77:
            raise PermissionError(f"{folder} is not a folder of this user alone")
        # the address itself is free, as it is listened on by now: this is of a service that is gone
        path.unlink(missing_ok=True)
        self._path, self._pid = path, os.getpid()
        self._connection: socket.socket | None = None
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._socket.setblocking(False)

    def answer(self, reload: Callable[[], Outcome]) -> None:
        """Do what a command asks for, if one is there."""
        with suppress(OSError):
            self._connection, _ = self._socket.accept()
            with self._connection as connection:
                connection.settimeout(_PATIENCE)
                if connection.recv(len(RELOAD)) == RELOAD:
                    connection.sendall(orjson.dumps(reload(), option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Stop listening; in the process that began it, remove the socket too."""
        self._socket.close()
        if self._connection:
            self._connection.close()
        if self._pid == os.getpid():
            self._path.unlink(missing_ok=True)


def ask_to_reload(host: str, port: int, patience: float) -> Outcome:
    """Have the service of an address load its rulebooks again; return what came of it.

    Raises NoService, and TimeoutError if it does not answer in so many seconds.
    """
    path = find_socket(host, port)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
            connection.sendall(RELOAD)
            with connection.makefile("rb") as lines:
                line = lines.readline()
        except TimeoutError:
            raise
        except OSError:
            line = b""
    if not line:
        raise NoService(_explain_absence(path, f"{host}, port {port}"))
    outcome: Outcome = orjson.loads(line)
    return outcome


def _explain_absence(path: Path, address: str) -> str:
    others = sorted(other.stem for other in path.parent.glob("*.sock") if other != path)
    told = f"; there are sockets of {', '.join(others)}" if others else ""
    return (
        f"no service of this user answers for {address} at {path}{told}; name its address with "
        "--host and --port, or send SIGHUP to a service that runs without a terminal"
    )
