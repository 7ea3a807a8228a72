"""Calls: OpenAI's Realtime over WebSocket and WebRTC, answered by the orchestrator.

A session is a pure reducer (`session`); a `Call` carries out its commands; transports (`transport`) and sound
(`sound`) stand beside it.
"""
