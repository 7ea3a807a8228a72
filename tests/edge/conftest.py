"""Fixtures of the device's tests."""

from __future__ import annotations

import pytest

from nearfield_edge.skills.permissions import PermissionGuard


@pytest.fixture(scope="session")
def guard() -> PermissionGuard:
    """One for the whole run: an audit hook cannot be taken out of the process."""
    return PermissionGuard()
