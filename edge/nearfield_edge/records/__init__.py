"""What the device keeps: turns, recordings of sound, and effects under way."""
