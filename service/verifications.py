"""What is proved of the rulebooks: each once for all processes that serve together.

A verification takes seconds of a processor. Who asks first makes it, under a lock that the system
releases when its process ends, however it ends; who asks meanwhile waits, without a place that
others could be answered in, and reads what was made.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import orjson
from softbalance.rules.verification.checks import Verification, as_json
from softbalance.schemas.rulebooks import Verification as Document
from softbalance.service.http.gate import lend_place
from softbalance.service.observing.metrics_files import folder_in_use


class Verifications:
    """Verifications as JSON, by the digest of their rulebooks. Safe for threads and processes.

    They are kept in a folder that the processes share, by default that of their metrics; a process
    that serves alone has one of its own. There, each library has its own, by its `name`.
    """

    def __init__(self, folder: Path | None = None, name: str = "") -> None:
        self._name = name
        self._known: dict[str, Document] = {}
        self._folder = folder or folder_in_use()
        self._making = threading.Lock()

    def get(self, digest: str, verify: Callable[[], Verification]) -> Document:
        """Return what is known of a rulebook, or `verify` it; files are told from the library on.

        Raises what `verify` raises; then the next who asks tries again.
        """
        file = self._find_folder() / f"verification-{self._name}-{digest.removeprefix('sha256:')}"
        lock = file.with_suffix(".lock")
        while digest not in self._known:
            with _try_lock(lock) as mine:
                if found := _read(file):
                    self._known[digest] = found
                elif mine:
                    self._known[digest] = _write(file, verify)
            if digest not in self._known:
                with lend_place():
                    _await(lock)
        return self._known[digest]

    def _find_folder(self) -> Path:
        with self._making:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="softbalance-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder


@contextmanager
def _try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock, if nobody does in another thread or process; without room for it, go on."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        except BlockingIOError:
            mine = False
        except OSError:
            mine = True
        yield mine


def _await(path: Path) -> None:
    """Wait until nobody holds the lock."""
    with suppress(OSError), path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def _read(file: Path) -> Document | None:
    try:
        found: Document = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _write(file: Path, verify: Callable[[], Verification]) -> Document:
    made = as_json(verify(), whole_paths=False)
    partial = file.with_suffix(".part")
    with suppress(OSError):
        partial.write_bytes(orjson.dumps(made))
        partial.replace(file)
    return made
