"""What a device is called: its tenant and its id, in the form that its certificate holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from nearfield_provisioning.errors import DeviceNameError

NAME_PATTERN: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""Of tenants and devices: small letters, digits and hyphens, at most 63, as in a host's name."""
_NAME: Final = re.compile(NAME_PATTERN)
_URI: Final = re.compile(rf"urn:nearfield:(?P<tenant>{NAME_PATTERN}):device:(?P<device>{NAME_PATTERN})")


def is_name(text: str) -> bool:
    """Whether a tenant or a device may be called so."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceName:
    """A device of a tenant.

    Raises:
        DeviceNameError: Tenant or device is no such name.
    """

    tenant: str
    device: str

    def __post_init__(self) -> None:
        for what, name in (("tenant", self.tenant), ("device", self.device)):
            if not is_name(name):
                raise DeviceNameError(
                    f"{what} {name[:80]!r} is no name: small letters, digits and hyphens between them, at"
                    " most 63"
                )

    @property
    def uri(self) -> str:
        """``urn:nearfield:TENANT:device:ID``: the certificate's URI, and the device's OAuth client id."""
        return f"urn:nearfield:{self.tenant}:device:{self.device}"


def device_name(uri: str) -> DeviceName:
    """Read the URI of a device.

    Raises:
        DeviceNameError: It is none.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise DeviceNameError(f"{uri[:160]!r} names no device: urn:nearfield:TENANT:device:ID was expected")
    return DeviceName(tenant=found["tenant"], device=found["device"])
