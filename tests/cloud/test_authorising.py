"""Who may do what with whose: checked over all pairs, not by example."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.caller import Caller, Role
from nearfield_cloud.errors import NotAllowedError
from nearfield_cloud.identity.authorising import Action, Authorisation, Kind, Resource, device_of

AUTHORISATION = Authorisation()
ROLES = get_args(Role)
NAMES = st.sampled_from(["till-1", "till-2", "till-3", "door"])
TENANTS = st.sampled_from(["cafe", "bank", "shop"])


def somebody(*roles: Role, tenant: str = "cafe", subject: str = "x", kind: str = "application") -> Caller:
    return Caller(tenant=tenant, subject=subject, kind=kind, roles=frozenset(roles))  # type: ignore[arg-type]


@given(TENANTS, NAMES, TENANTS, NAMES)
def test_a_device_reads_itself_and_never_another(
    tenant: str, device: str, of_tenant: str, other: str
) -> None:
    asker = somebody("device", tenant=tenant, subject=device, kind="device")
    may = AUTHORISATION.allows(asker, "read", device_of(of_tenant, other))
    assert may == ((tenant, device) == (of_tenant, other))


@given(
    st.frozensets(st.sampled_from(ROLES)), st.sampled_from(get_args(Action)), st.sampled_from(get_args(Kind))
)
def test_no_role_reaches_into_another_tenant(roles: frozenset[Role], action: Action, kind: Kind) -> None:
    for owner in ("", "x"):
        thing = Resource(kind=kind, tenant="bank", owner=owner, owner_kind="application" if owner else "")
        assert not AUTHORISATION.allows(somebody(*roles), action, thing)


@given(st.frozensets(st.sampled_from(ROLES)), st.sampled_from(ROLES))
def test_a_further_role_takes_nothing_away(roles: frozenset[Role], more: Role) -> None:
    for action, kind in product(get_args(Action), get_args(Kind)):
        thing = Resource(kind=kind, tenant="cafe")
        if AUTHORISATION.allows(somebody(*roles), action, thing):
            assert AUTHORISATION.allows(somebody(*roles, more), action, thing)


def test_each_role_may_what_it_is_for_and_no_more() -> None:
    table: dict[tuple[Action, Kind], set[str]] = {
        ("list", "device"): {"owner", "fleet_manager", "analyst"},
        ("revoke", "device"): {"owner", "fleet_manager"},
        ("create", "api_key"): {"owner"},
        ("revoke", "client"): {"owner"},
        ("write", "knowledge"): {"owner", "content_editor"},
        ("delete", "knowledge"): {"owner", "content_editor"},
        ("search", "knowledge"): set(ROLES),
        ("read", "turns"): {"owner", "analyst"},
        ("open", "call"): set(),  # its own only
        ("end", "call"): {"owner", "fleet_manager"},
    }
    for (action, kind), roles in table.items():
        thing = Resource(kind=kind, tenant="cafe")
        assert {role for role in ROLES if AUTHORISATION.allows(somebody(role), action, thing)} == roles


def test_a_call_is_ended_by_whoever_holds_it_and_by_the_fleet_manager() -> None:
    call = Resource(kind="call", tenant="cafe", owner="till-1", owner_kind="device")
    assert AUTHORISATION.allows(somebody("device", subject="till-1", kind="device"), "end", call)
    assert not AUTHORISATION.allows(somebody("device", subject="till-2", kind="device"), "end", call)
    assert not AUTHORISATION.allows(somebody("application", subject="till-1"), "end", call)
    assert AUTHORISATION.allows(somebody("fleet_manager"), "end", call)


def test_a_refusal_says_who_may_not_do_what() -> None:
    with pytest.raises(NotAllowedError, match="analyst may not revoke device"):
        AUTHORISATION.authorise(somebody("analyst"), "revoke", device_of("cafe", "till-1"))
    with pytest.raises(NotAllowedError, match="nothing may not"):
        AUTHORISATION.authorise(somebody(), "read", Resource(kind="me", tenant="cafe", owner="x"))
