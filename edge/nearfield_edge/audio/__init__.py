"""The device's sound borders: where sound comes in (sources), where it goes out (sinks), and what time is between them."""
