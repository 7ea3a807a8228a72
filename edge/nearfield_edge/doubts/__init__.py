"""Asking back: what is asked where the device heard something but is not sure, and what the answer means."""
