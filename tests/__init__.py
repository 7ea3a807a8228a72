"""Tests: names are sentences, servers are real, nothing sleeps."""
