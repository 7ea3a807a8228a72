"""The device's page: what it hears, thinks and says in a browser, and the browser's own microphone.

A pure core (``view``, ``requests``, ``sessions``, ``hosts``) and a thin shell around it (a Starlette
application on uvicorn, in the device's own event loop). Nothing on the way of a voice waits for a page.
"""
