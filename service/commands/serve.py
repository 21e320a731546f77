"""`softbalance serve`: the service under gunicorn."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import click
from softbalance.service.commands.options import (
    open_context,
    refuse,
    rulebooks_option,
    settings_for,
)


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1), help="How many processes.  [default: 2]")
@click.option("--threads", type=click.IntRange(1), help="How many threads in each.  [default: 4]")
@click.option(
    "--database", metavar="URL", help="Where to store.  [default: sqlite:///softbalance.db]"
)
@rulebooks_option
def command(rulebooks: tuple[Path, ...], **given: Any) -> None:
    """Run the HTTP service until it is told to stop (Ctrl-C, SIGTERM)."""
    from softbalance.service.server import serve

    settings = settings_for(rulebooks=rulebooks or None, **given)
    # what cannot work is told here, once, and not by each worker in turn
    open_context(settings).store.close()
    try:
        socket.create_server((settings.host, settings.port), reuse_port=False).close()
    except OSError as error:
        refuse(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; "
            "choose others with --host and --port"
        )
    serve(settings)
