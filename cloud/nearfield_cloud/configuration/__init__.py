"""The cloud's configuration, a file a section."""
