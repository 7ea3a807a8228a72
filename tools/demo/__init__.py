"""The demonstration: a customer talks to the device, and everything in between is real.

Microphone and customer are synthetic (the voice pack speaks into the device's acoustic input); wake word,
voice detection, recognition, understanding, skills, effects and voice are the product's own.
"""
