"""Personal data found and masked on the device, before anything leaves it.

`spans` says what is found and masked, `redactor` finds it; everything else here are the rules of one kind each.
"""
