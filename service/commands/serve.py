"""`softbalance serve`: the service under gunicorn."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import Field, fields, replace
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
    name = f"--{setting.name.replace('_', '-')}"
    kind: click.ParamType[Any] | None = None
    if isinstance(default, tuple):
        kind = click.Path(file_okay=False, path_type=Path)
        told = "A folder of further rulebooks; may be given more than once."
    elif isinstance(default, bool):
        return click.option(name, is_flag=True, flag_value=True, default=None, help=told)
    elif isinstance(default, int):
        kind = click.IntRange(*setting.metadata["range"])
    elif "choices" in setting.metadata:
        kind = click.Choice(setting.metadata["choices"])
    return click.option(name, type=kind, multiple=isinstance(default, tuple), help=told)


@click.command()
@setting_options
@click.option("--check", is_flag=True, help="Only check that it could run; nothing is changed.")
def command(rulebooks: tuple[Path, ...], check: bool, **given: Any) -> None:
    """Run the HTTP service until it is told to stop (Ctrl-C, SIGTERM).

    On a terminal, closing it stops the service, too.
    """
    settings = settings_for(rulebooks=rulebooks or None, **given)
    # what cannot work is told here, once, and not by each worker in turn
    loaded = _load_or_refuse(settings)
    _expect_signing_key(settings)
    if check:
        _check(settings, loaded)
        return
    from softbalance.service.server import serve

    open_context(settings, loaded=loaded).store.close()
    settings = replace(settings, port=_find_port(settings))
    _show_address(settings)
    serve(settings, loaded)


def _load_or_refuse(settings: Settings) -> LoadedLibrary:
    """Load what all workers decide by."""
    from softbalance.service.context import LoadedLibrary

    try:
        return LoadedLibrary.load(settings.rulebooks)
    except RulebookErrors as error:
        refuse(f"the rulebooks do not load:\n{error}")


def _expect_signing_key(settings: Settings) -> None:
    """Refuse a key that could not sign checkpoints, if these are to be written."""
    from softbalance.service.checkpoints.signing import UnusableSigningKey, load_key
    from softbalance.service.checkpoints.writing import is_asked_for

    try:
        if is_asked_for(settings):
            load_key(Path(settings.checkpoint_key))
    except UnusableSigningKey as error:
        refuse(str(error))


def _find_port(settings: Settings) -> int:
    """Return the port to listen on, a free one for 0, or refuse if another listens there."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.create_server((settings.host, settings.port), family=family) as probe:
            port: int = probe.getsockname()[1]
    except OSError as error:
        refuse(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; "
            "choose others with --host and --port"
        )
    return port


def _show_address(settings: Settings) -> None:
    """Print the address to open, to somebody who looks at a terminal."""
    terminal = next((s for s in (sys.stdout, sys.stderr) if s.isatty()), None)
    if terminal is not None:
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be opened here
        host = everywhere.get(settings.host, settings.host)
        named = f"[{host}]" if ":" in host else host
        click.echo(f"http://{named}:{settings.port} (Ctrl-C stops it)", file=terminal)


def _check(settings: Settings, loaded: LoadedLibrary) -> None:
    """Say of each thing that the service needs that it is there, or refuse with the first not."""
    from softbalance.service.api.operation import find_obstacle
    from softbalance.service.context import Context
    from softbalance.service.store import StoreAway

    keys = "asked for" if settings.asks_for_keys else "not asked for"
    click.echo(f"settings: {settings.host}, port {settings.port}, keys are {keys}")
    for book in loaded.library.rulebooks.values():
        click.echo(f"rulebook: {book.id} {book.version} {book.digest}")
    try:
        context = Context.from_settings(settings, loaded=loaded, made=True)
        store = context.store
        missing = not store.database.exists() or store.schema() is None
        if not missing:
            store.check()
        why = None if missing else find_obstacle(context)
        store.close()
    except StoreAway as error:
        refuse(str(error))
    if why is not None:
        refuse(why)
    click.echo(f"store: {store.name} {'is new and will be made' if missing else 'can be used'}")
