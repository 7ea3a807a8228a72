"""Asking the cloud what is beyond the device: the link, its cache of answers and its queue of questions."""
