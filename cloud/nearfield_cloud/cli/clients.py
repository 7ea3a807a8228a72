"""``nearfield-cloud clients``: applications that ask for tokens with a secret."""

from __future__ import annotations

from nearfield_cloud.cli.credentials import credential_commands

command = credential_commands(
    "client", "clients", "Applications that ask for tokens with a secret: show, make and take back."
)
