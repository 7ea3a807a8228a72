"""What goes over the interface: shapes of requests and answers, and how the interface describes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, field_validator

from nearfield_cloud.caller import Role
from nearfield_cloud.gateway.problems import MEDIA_TYPE
from nearfield_cloud.identity.credentials import Credential
from nearfield_cloud.identity.devices import Device as KnownDevice
from nearfield_provisioning.device_name import NAME_PATTERN

PROBLEM_RESPONSE: Final[dict[str, Any]] = {
    "description": "It went wrong: the code says how.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {"4XX": PROBLEM_RESPONSE, "5XX": PROBLEM_RESPONSE}
"""For ``responses`` of a router: every error is a problem document."""

DeviceId = Annotated[str, Path(pattern=f"^{NAME_PATTERN}$", max_length=63)]
ProviderName = Annotated[str, Path(pattern=f"^{NAME_PATTERN}$", max_length=63)]
CredentialId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Audience = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class Shape(BaseModel):
    """A JSON object of the interface, closed to what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Me(Shape):
    """Who asks, as the service sees them."""

    tenant: str
    subject: str
    kind: str
    roles: list[Role]
    audiences: list[str]
    expires_at: datetime | None
    """When the proof runs out; none if it does not."""


class DeviceShape(Shape):
    """A device of the tenant."""

    id: str
    first_seen_at: datetime
    last_seen_at: datetime
    certificate_serial: str
    certificate_expires_at: datetime
    revoked_at: datetime | None


class DeviceQuery(Shape):
    """Which page of devices."""

    after: str | None = Field(default=None, pattern=f"^{NAME_PATTERN}$", max_length=63)
    """The last id of the page before."""
    limit: int = Field(default=100, ge=1, le=500)


class DevicePage(Shape):
    """Devices in the order of their ids."""

    devices: list[DeviceShape]
    next: str | None
    """To be given as ``after`` for the next page; none on the last."""


class CredentialWish(Shape):
    """An API key or application to be made."""

    label: str = Field(min_length=1, max_length=200)
    roles: list[Role] = Field(default=["application"], min_length=1, max_length=6)
    audiences: list[Audience] = Field(default=[], max_length=20)
    life_days: int | None = Field(default=None, ge=1, le=3_650)
    """None for one that does not end by itself."""

    @field_validator("life_days", mode="before")
    @classmethod
    def _number_only(cls, value: object) -> object:
        if isinstance(value, bool | str):  # pydantic would read a number out of them
            raise ValueError("a number of days was expected")
        return value


class CredentialShape(Shape):
    """An API key or application, without its secret."""

    id: str
    label: str
    roles: list[Role]
    audiences: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewCredential(CredentialShape):
    """One that was just made."""

    secret: str
    """Shown this once."""


class CredentialList(Shape):
    """A tenant's, the latest first."""

    items: list[CredentialShape]


class TokenAnswer(Shape):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 (a kind)
    expires_in: int


def moment(seconds: float | None) -> datetime | None:
    """A time as the interface says it."""
    if seconds is None or seconds == float("inf"):
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def device_shape(device: KnownDevice) -> DeviceShape:
    """A device as the interface shows it."""
    return DeviceShape(
        id=device.id,
        first_seen_at=_at(device.created_at),
        last_seen_at=_at(device.seen_at),
        certificate_serial=device.certificate_serial,
        certificate_expires_at=_at(device.certificate_expires_at),
        revoked_at=moment(device.revoked_at),
    )


def credential_shape(credential: Credential) -> CredentialShape:
    """A credential as the interface shows it."""
    return CredentialShape(**_fields(credential))


def new_credential(credential: Credential, secret: str) -> NewCredential:
    """One that was just made."""
    return NewCredential(**_fields(credential), secret=secret)


def _fields(credential: Credential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "label": credential.label,
        "roles": sorted(credential.roles),
        "audiences": sorted(credential.audiences),
        "created_at": _at(credential.created_at),
        "expires_at": moment(credential.expires_at),
        "revoked_at": moment(credential.revoked_at),
    }
