"""``python -m nearfield_cloud.cli``."""

from __future__ import annotations

from nearfield_cloud.cli import main

main()
