"""Where the processes that serve together keep their counts, so that any of them can add all up.

prometheus_client maps a file a process and kind of metric into memory. It names them by process
id, and keeps those of processes that are gone, for ever. Here a file is named by the place of its
worker among those that run: the next worker in that place counts on. Files are allocated when the
service starts: a mapped page that the disk has no room for would kill the worker that writes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from prometheus_client import values

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LIVE = "gauge_livesum"
_KINDS = ("counter", "histogram", _LIVE)
#: Bytes a file; a series takes about 200.
_ROOM = 1024 * 1024


class MetricsFiles:
    """The files of one service, in a new temporary folder; its methods are gunicorn's hooks."""

    def __init__(self, workers: int) -> None:
        """Allocate the files for so many workers, each of which may run beside its replacement.

        Raises OSError if there is no room.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="softbalance-metrics-"))
        try:
            for place in range(2 * workers):
                self._allocate(place)
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def get_path(self, name: str) -> Path:
        """Return the path of a file of this name, which goes when the service stops."""
        return self._folder / name

    def pre_fork(self, arbiter: Any, worker: Any) -> None:
        """Give a worker that is about to start the first place that is free."""
        taken = {other.metrics_place for other in arbiter.WORKERS.values()}
        worker.metrics_place = next(place for place in count() if place not in taken)
        # a place beyond those allocated, if workers were added by signal
        with suppress(OSError):
            self._allocate(worker.metrics_place)

    def post_fork(self, _: Any, worker: Any) -> None:
        """Count into the files of this worker's place; called in the worker."""
        os.environ[_FOLDER] = str(self._folder)
        values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
            lambda: worker.metrics_place
        )

    def child_exit(self, _: Any, worker: Any) -> None:
        """Forget what was under way in a worker that is gone; its counts stay."""
        with suppress(OSError), self._path(_LIVE, worker.metrics_place).open("r+b") as file:
            file.write(bytes(8))

    def on_exit(self, _: Any) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _allocate(self, place: int) -> None:
        for kind in _KINDS:
            with self._path(kind, place).open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, _ROOM)

    def _path(self, kind: str, place: int) -> Path:
        return self._folder / f"{kind}_{place}.db"


def folder_in_use() -> Path | None:
    """Return the folder that this process counts into, or None if it counts for itself."""
    folder = os.environ.get(_FOLDER)
    return Path(folder) if folder and values.ValueClass._multiprocess else None
