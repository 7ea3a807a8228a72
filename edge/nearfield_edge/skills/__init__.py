"""Skills: what the device can be asked, as folders of data and a little Python.

``manifest`` reads ``skill.toml``, ``loading`` a whole folder; ``runtime`` answers an understood turn under
the skill's declared permissions; ``conversation`` is what is remembered between turns; ``delivery`` carries
out settled effects for the outbox (``nearfield_edge.records.outbox``). ``api`` is all that an author sees.
"""
