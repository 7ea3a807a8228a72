"""The command ``nearfield``: the device, from the command line.

Commands are imported when they are called, so that ``nearfield --help`` and a typed question start at once.
"""

from __future__ import annotations

import importlib
import sys

import click

from nearfield_edge.errors import EdgeError
from nearfield_models.errors import ModelsError
from nearfield_sync.errors import SyncError

_COMMANDS = {
    "run": "Run the device: listen, understand, answer, until stopped.",
    "ask": "Put one request to the device, as a recording or typed.",
    "say": "Speak a text with the device's voice.",
    "page": "Print the link to the device's page in a browser.",
    "turns": "Show the last turns, or erase some.",
    "outbox": "Show orders, bookings and messages under way, try them again or erase them.",
    "answers": "Show the cloud's answers that are kept and the questions that wait, or erase some.",
    "replay": "Run a kept turn's sound, or a recording, through the device again.",
    "wake": "Try a wake phrase of your own, or choose its sensitivity from recordings.",
    "doctor": "Say what is fine on this machine, what is not, and how to mend it.",
}


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"nearfield_edge.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nearfield")
def nearfield() -> None:
    """Nearfield: the voice assistant that answers in the room."""


def main() -> None:
    """Run a command; an expected fault is one sentence on standard error and exit status 1."""
    try:
        nearfield(standalone_mode=True)
    except (EdgeError, ModelsError, SyncError) as error:
        print(f"nearfield: {error}", file=sys.stderr)
        sys.exit(1)
