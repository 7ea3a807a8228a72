"""Command lines whose commands are imported when they are called, so that ``--help`` starts at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyCommands(click.Group):
    """Finds a command in the module of its name, as that module's ``command``."""

    def __init__(self, *arguments: Any, package: str, table: Mapping[str, str], **named: Any) -> None:
        """Take where the commands are.

        Args:
            arguments: As for ``click.Group``.
            package: Holds a module for each command.
            table: Names and what each does in a line, in the order of the help.
            named: As for ``click.Group``.
        """
        super().__init__(*arguments, **named)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self._table:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
