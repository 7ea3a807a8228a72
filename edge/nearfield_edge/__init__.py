"""The device: it hears, understands and answers, and says why."""
