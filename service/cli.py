"""The `softbalance` command: a table of subcommands, each imported only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper

import click

#: Subcommand → (its module under `softbalance.service.commands`, its line in the help).
COMMANDS = {
    "agreement": ("agreement", "Say how far coders agree, and where they part."),
    "audit": ("audit", "See whether stored classifications are what was stored; sign, erase."),
    "candidates": ("candidates", "Find candidate episodes in event data."),
    "cases": ("cases", "Decide the cases that come with the rulebooks."),
    "classify": ("classify", "Classify the episodes of datasets."),
    "codebook": ("codebook", "Print the coding sheet."),
    "db": ("db", "See to the schema of the store."),
    "explain": ("explain", "Explain the verdict on one episode."),
    "export": ("export", "Write coded data for other programs."),
    "keys": ("keys", "Make, list, rotate and revoke API keys."),
    "replay": ("replay", "Decide stored classifications again."),
    "rulebook": ("rulebook", "Write, test, list, show, verify, compare or reload rulebooks."),
    "serve": ("serve", "Run the service."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every subcommand's name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand's module, or return None if there is no such subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"softbalance.service.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("softbalance"), prog_name="softbalance")
def softbalance() -> None:
    """Classify episodes of states acting together, with the proof."""


def main() -> None:
    """Run the command line; what a terminal cannot show is replaced, not fatal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        softbalance()
    except (ImportError, OSError) as error:
        click.echo(f"softbalance: {error}", err=True)
        sys.exit(2)
