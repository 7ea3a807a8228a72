"""Identity, and later twin, jobs and the update agent of a device.

Depends on the layers below it and on no application above.
"""
