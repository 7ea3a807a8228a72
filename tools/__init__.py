"""Tools for working on the project; nothing here ships."""
