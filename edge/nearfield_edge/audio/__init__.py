"""The device's sound borders: sources, sinks, and what time is between them."""
