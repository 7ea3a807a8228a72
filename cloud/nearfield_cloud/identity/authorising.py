"""Who may do what: decided for each thing, by a policy that is a file (Casbin)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import casbin

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import NotAllowedError

Action = Literal["read", "list", "create", "write", "delete", "revoke", "search", "open", "end"]
Kind = Literal["me", "device", "api_key", "client", "knowledge", "call", "turns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A thing, or with an empty ``owner`` all of a tenant's things of a kind."""

    kind: Kind
    tenant: str
    owner: str = ""
    """Subject of whose it is; a device owns itself."""
    owner_kind: Literal["device", "application", "person", ""] = ""
    """Of the owner; ids of devices and applications may be alike."""


class Authorisation:
    """Asks the policy."""

    def __init__(self) -> None:
        folder = files("nearfield_cloud.identity")
        enforcer = casbin.Enforcer(str(folder / "policy.conf"), str(folder / "policy.csv"), False)
        # The policy does not change while the service runs, and the same is asked again and again.
        self._decide: Callable[..., bool] = lru_cache(maxsize=4_096)(enforcer.enforce)

    def allows(self, caller: Caller, action: Action, resource: Resource) -> bool:
        """Whether a role of the caller's allows it."""
        own = resource.owner == caller.subject and resource.owner_kind == caller.kind
        return any(
            self._decide(role, caller.tenant, own, action, resource.kind, resource.tenant)
            for role in caller.roles
        )

    def authorise(self, caller: Caller, action: Action, resource: Resource) -> None:
        """Let the caller do it.

        Raises:
            NotAllowedError: No role of the caller's allows it.
        """
        if not self.allows(caller, action, resource):
            kind = resource.kind.replace("_", " ")
            raise NotAllowedError(
                f"{'nothing' if not caller.roles else ', '.join(sorted(caller.roles))} may not {action}"
                f" {kind if resource.owner else f'every {kind}'} here"
            )


def device_of(tenant: str, device: str) -> Resource:
    """A device as a thing."""
    return Resource(kind="device", tenant=tenant, owner=device, owner_kind="device")
