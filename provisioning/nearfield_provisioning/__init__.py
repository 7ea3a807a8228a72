"""Identity, twin, jobs and the update agent of a device, over MQTT.

Starts with its place in the house only; it depends on the layers below it and on no application above.
"""
