"""The gateway's own places, a file each."""
