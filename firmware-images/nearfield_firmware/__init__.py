"""Firmware images and bundles: build, sign, inspect, and the slots they go to (RAUC).

Starts with its place in the house only.
"""
