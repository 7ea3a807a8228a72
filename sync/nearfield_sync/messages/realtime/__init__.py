"""Events of a call between a device or an application and the cloud.

Names and shapes are those of OpenAI's Realtime API, so that existing clients work; what it lacks travels as
``nearfield.*``, and only in sessions whose ``nearfield`` object asks for it. `reading` turns text from
outside into events and back, with one error.
"""
