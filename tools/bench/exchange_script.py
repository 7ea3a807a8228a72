"""The script of the conversations benchmark: who says what, what it must mean, and what it must lead to.

The scripts are the YAML files in ``exchanges``; a file is a part, and holds a list of exchanges::

    - name: a drink is corrected before it is ordered
      turns:
        - says: A latte, no, a mocha.
          intent: orderDrink            # absent: it must not be understood
          slots: {coffeeDrink: mocha}   # exactly these
          reply: size                   # what the answer must contain, in small letters (optional)
          waits_seconds: 120            # silence before it (optional; 5)
      taken: {atrium: ["Fri 15:00-16:00 Ada"]}    # who has which room beforehand (optional)
      leaves:                           # what must be true at the end; nothing else may have happened
        order: [one large mocha]        # the drinks of an order that is not sent yet
        sent: [[two espressos]]         # the orders sent, each a list of drinks
        calls: [Maria Lopez]            # who was called
        rooms: {atrium: ["Fri 15:00-16:00"]}      # the device's own bookings

All exchanges begin on ``BEGIN``, a Friday, in the boardroom.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from nearfield_models.validation import first_fault

FOLDER: Final = Path(__file__).parent / "exchanges"
ZONE: Final = ZoneInfo("Europe/London")
BEGIN: Final = datetime(2026, 3, 6, 14, 10, tzinfo=ZONE)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Strict):
    """One turn."""

    says: Annotated[str, Field(min_length=1)]
    intent: str | None = None
    slots: dict[str, Any] = {}
    reply: str = ""
    waits_seconds: float = 5.0


class Leaves(_Strict):
    """What an exchange leads to."""

    order: list[str] = []
    sent: list[list[str]] = []
    calls: list[str] = []
    rooms: dict[str, list[str]] = {}


class Exchange(_Strict):
    """A few turns that belong together."""

    name: Annotated[str, Field(min_length=1)]
    turns: Annotated[list[Said], Field(min_length=2, max_length=6)]
    taken: dict[str, list[str]] = {}
    leaves: Leaves = Leaves()


def read_exchanges(folder: Path = FOLDER) -> dict[str, list[Exchange]]:
    """All exchanges, by part.

    Raises:
        ValueError: A file is not as it should be, or a name stands twice.
    """
    parts = {file.stem: _read(file) for file in sorted(folder.glob("*.yaml"))}
    names = [exchange.name for exchanges in parts.values() for exchange in exchanges]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"these exchanges have the same name: {', '.join(twice)}")
    return parts


def _read(file: Path) -> list[Exchange]:
    try:
        return TypeAdapter(list[Exchange]).validate_python(yaml.safe_load(file.read_text("utf-8")))
    except ValidationError as error:
        raise ValueError(f"{file.name}: {first_fault(error)}") from error
