"""Libraries that read files of other programs: installed only where somebody asks for them."""

from __future__ import annotations

import importlib
from typing import Any

from softbalance.service.datasets.reading.defects import UnusableDataset

#: What they are called where they are installed from.
_CALLED = {"python_calamine": "python-calamine"}


def import_library(module: str, name: str) -> Any:
    """Return a module. Raises UnusableDataset, with the remedy, where it is not installed.

    `name` is the file that it is to read.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = _CALLED.get(module, module.partition(".")[0])
        here = isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]
        how = "is not installed" if here else f"cannot be loaded ({error})"
        raise UnusableDataset(
            f"{name}: {library} is needed to read this file, and {how}: "
            "pip install 'softbalance[formats]'"
        ) from error
