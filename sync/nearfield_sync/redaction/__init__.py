"""Personal data found and masked on the device, before anything leaves it.

`spans` says what is found and masked, `redactor` finds it; the others are rules of one kind each, and words.
"""
