"""``python -m nearfield_edge.cli``."""

from nearfield_edge.cli import main

main()
