"""The orchestrator in the cloud: gateway, calls, knowledge and the fleet's interface.

Starts with its place in the house only; it may import ``nearfield_models`` and ``nearfield_sync``, never
``nearfield_edge``.
"""
