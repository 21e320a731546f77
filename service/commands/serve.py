"""`softbalance serve`: the service under gunicorn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from softbalance.service.commands.options import refuse, rulebooks_option, settings_for


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
    from softbalance.rules.findings import RulebookErrors
    from softbalance.service.context import Context
    from softbalance.service.server import serve
    from softbalance.service.store import StoreAway

    settings = settings_for(rulebooks=rulebooks or None, **given)
    try:
        # what cannot work is told here, once, and not by each worker in turn
        Context.from_settings(settings).store.close()
    except RulebookErrors as error:
        refuse(f"the rulebooks do not load:\n{error}")
    except StoreAway as error:
        refuse(f"{settings.database}: {error}")
    serve(settings)
