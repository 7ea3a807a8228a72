"""Drinks, their prices, and how an order is put in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any

from nearfield_edge.skills.replies import listing
from nearfield_models.grammar.numbers import cardinal
from nearfield_sync.messages.turn_record import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Drink:
    """One line of an order; the fields are named as the slots of ``sentences.yaml``."""

    coffeeDrink: str  # noqa: N815 (a slot's name)
    size: str | None = None
    roast: str | None = None
    numberOfShots: str | None = None  # noqa: N815 (a slot's name)
    milkAmount: str | None = None  # noqa: N815 (a slot's name)
    sugarAmount: str | None = None  # noqa: N815 (a slot's name)
    quantity: int = 1

    def to_dict(self) -> dict[str, Json]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """As it is spoken: ``one large double shot latte with whole milk``."""
        traits = [trait for trait in (self.size, self.roast, self.numberOfShots) if trait]
        name = self.coffeeDrink if self.quantity == 1 else f"{self.coffeeDrink}s"
        extras = [extra for extra in (self.milkAmount, self.sugarAmount) if extra]
        words = [spelled(self.quantity), *traits, name]
        return " ".join(words) + (f" with {listing(extras)}" if extras else "")


SLOTS = tuple(field.name for field in fields(Drink))


def drink_of(slots: Mapping[str, Any]) -> Drink:
    """The drink that slots describe; ``without`` names a slot that the customer wants empty."""
    wanted = {name: slots[name] for name in SLOTS if slots.get(name) is not None}
    wanted.pop(str(slots.get("without")), None)
    return Drink(**wanted)


def with_line(drinks: Sequence[Drink], drink: Drink) -> list[Drink]:
    """The order with one more line; the same drink twice in a row is one line of two."""
    if drinks and replace(drinks[-1], quantity=drink.quantity) == drink:
        return [*drinks[:-1], replace(drink, quantity=drinks[-1].quantity + drink.quantity)]
    return [*drinks, drink]


def price_minor(drink: Drink, prices: Mapping[str, Any], surcharges: Mapping[str, Any]) -> int:
    """What the line costs, in hundredths of the currency's unit.

    Raises:
        LookupError: The drink has no price.
    """
    if drink.coffeeDrink not in prices:
        raise LookupError(f"setting 'prices' of skill coffee has no '{drink.coffeeDrink}': add it")
    traits = [drink.size, drink.numberOfShots, drink.milkAmount, drink.sugarAmount]
    added = [
        Decimal(str(amount))
        for name, amount in surcharges.items()
        if any(trait is not None and (trait == name or trait.endswith(f" {name}")) for trait in traits)
    ]
    return int((Decimal(str(prices[drink.coffeeDrink])) + sum(added)) * 100) * drink.quantity


def spoken_order(drinks: Sequence[Drink]) -> str:
    """``one large latte and two espressos``."""
    return listing([str(drink) for drink in drinks])


def spoken_amount(minor: int, currency: Mapping[str, Any]) -> str:
    """``four pounds fifty``, ``one pound``, ``ninety pence``, ``two pounds and five pence``."""
    whole, rest = divmod(minor, 100)
    units = f"{spelled(whole)} {currency['unit' if whole == 1 else 'units']}"
    parts = f"{spelled(rest)} {currency['part' if rest == 1 else 'parts']}"
    if rest == 0:
        return units
    if whole == 0:
        return parts
    return f"{units} {spelled(rest)}" if rest >= 10 else f"{units} and {parts}"


def spelled(number: int) -> str:
    """A number in words."""
    return " ".join(cardinal(str(number), "en"))
