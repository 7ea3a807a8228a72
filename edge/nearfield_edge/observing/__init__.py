"""How the device is watched by machines: figures and traces, both off by default."""
