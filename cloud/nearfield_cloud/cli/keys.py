"""``nearfield-cloud keys``: API keys."""

from __future__ import annotations

from nearfield_cloud.cli.credentials import credential_commands

command = credential_commands("api_key", "keys", "API keys: show, make and take back.")
