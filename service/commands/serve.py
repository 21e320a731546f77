"""`softbalance serve`: the service under gunicorn."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from softbalance.rules.findings import RulebookErrors
from softbalance.service.commands.options import open_context, refuse, settings_for
from softbalance.service.settings import Settings

if TYPE_CHECKING:
    from softbalance.service.context import LoadedLibrary


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting."""
    for setting in reversed(fields(Settings)):
        command = _option(setting)(command)
    return command


def _option(setting: Field[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    about, default = str(setting.metadata["about"]), setting.default
    told = f"{about[0].upper()}{about[1:]}.  [default: {default}]"
    kind: click.ParamType[Any] | None = None
    if isinstance(default, tuple):
        kind = click.Path(file_okay=False, path_type=Path)
        told = "A folder of further rulebooks; may be given more than once."
    elif isinstance(default, bool):
        name = f"--{setting.name}"
        return click.option(name, is_flag=True, flag_value=True, default=None, help=told)
    elif isinstance(default, int):
        kind = click.IntRange(*setting.metadata["range"])
    elif "choices" in setting.metadata:
        kind = click.Choice(setting.metadata["choices"])
    name = f"--{setting.name.replace('_', '-')}"
    return click.option(name, type=kind, multiple=isinstance(default, tuple), help=told)


@click.command()
@setting_options
def command(rulebooks: tuple[Path, ...], **given: Any) -> None:
    """Run the HTTP service until it is told to stop (Ctrl-C, SIGTERM)."""
    from softbalance.service.server import serve

    settings = settings_for(rulebooks=rulebooks or None, **given)
    # what cannot work is told here, once, and not by each worker in turn
    loaded = _load_or_refuse(settings)
    try:
        socket.create_server((settings.host, settings.port), reuse_port=False).close()
    except OSError as error:
        refuse(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; "
            "choose others with --host and --port"
        )
    serve(settings, loaded)


def _load_or_refuse(settings: Settings) -> LoadedLibrary:
    """Load what all workers decide by, make the store, and keep the rulebooks there."""
    from softbalance.service.context import LoadedLibrary

    try:
        loaded = LoadedLibrary.load(settings.rulebooks)
    except RulebookErrors as error:
        refuse(f"the rulebooks do not load:\n{error}")
    open_context(settings, loaded=loaded).store.close()
    return loaded
