"""Taking an order: several drinks over several turns, changed, totalled, confirmed and sent.

What is remembered between turns: ``drinks``, the lines of the order, ``pending``, the slots of a drink whose
size was asked for, and ``placed``, the lines of the order that was sent last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nearfield_edge.shipped_skills.coffee.drinks import (
    SLOTS,
    Drink,
    drink_of,
    price_minor,
    spoken_amount,
    spoken_order,
    with_line,
)
from nearfield_edge.skills.api import Effect, FunctionEffect, HttpEffect, Question, SkillCall, SkillReply
from nearfield_sync.messages.turn_record import Json

Values = dict[str, Json]


def order(call: SkillCall) -> SkillReply:
    """``orderDrink``: a drink more, or the bare answer to what was asked."""
    pending = _pending(call)
    if "coffeeDrink" not in call.slots and not pending and _drinks(call):
        return change(call)
    slots = dict(call.slots) if "coffeeDrink" in call.slots else {**pending, **call.slots}
    return _with_drink(call, _drinks(call), slots)


def again(call: SkillCall) -> SkillReply:
    """``orderAgain``: one more like the drink named last, but for what is said; or the last order anew."""
    drinks, placed, pending = _drinks(call), _placed(call), _pending(call)
    if pending:
        return _with_drink(call, drinks, pending)
    if not drinks and not placed:
        return _nothing_to_do(call)
    if not drinks and call.slots.get("whole"):
        *drinks, last = placed
        return _with_drink(call, drinks, last.to_dict())
    like = (drinks or placed)[-1].to_dict()
    return _with_drink(call, drinks, {**_changed(like, call), "quantity": call.slots.get("quantity", 1)})


def change(call: SkillCall) -> SkillReply:
    """``changeOrder``: the drink that was named last becomes another one."""
    pending, drinks = _pending(call), _drinks(call)
    if not pending and not drinks:
        return _nothing_to_do(call)
    before = pending or drinks.pop().to_dict()
    return _with_drink(call, drinks, _changed(before, call))


def confirm(call: SkillCall) -> SkillReply:
    """``confirmOrder``: yes sends the order, no asks what is wrong with it."""
    drinks, pending = _drinks(call), _pending(call)
    if pending:
        return _with_drink(call, drinks, pending)
    is_no = call.slots.get("answer") == "no"
    if not drinks:
        return SkillReply(reply="all_right") if is_no else _nothing_to_do(call)
    if is_no:
        return SkillReply(reply="what_to_change", question=Question(intent="changeOrder", slot="size"))
    return SkillReply(
        reply="placed",
        values=_spoken(call, drinks),
        memory={"placed": _lines(drinks)},
        effects=(_sending(call, drinks),),
    )


def cancel(call: SkillCall) -> SkillReply:
    """``cancelOrder``: forgets what was not sent yet."""
    if not _drinks(call) and not _pending(call):
        return _nothing_to_do(call)
    return SkillReply(reply="cancelled", memory=_memory(call, [], {}))


def read_back(call: SkillCall) -> SkillReply:
    """``repeatOrder``."""
    return _told(call, "read_back")


def tell_total(call: SkillCall) -> SkillReply:
    """``askTotal``."""
    return _told(call, "total")


def tell_menu(call: SkillCall) -> SkillReply:
    """``askMenu``: the drinks, or the choice for one slot."""
    topic = call.slots.get("topic")
    choices = _table(call, "menu")
    if topic in choices:
        return SkillReply(reply="choice", values={"items": choices[str(topic)]})
    question = Question(intent="orderDrink", slot="coffeeDrink")
    return SkillReply(reply="menu", values={"items": list(_table(call, "prices"))}, question=question)


def _with_drink(call: SkillCall, drinks: list[Drink], slots: Mapping[str, Any]) -> SkillReply:
    """Add a drink to the order, or ask for what it lacks."""
    if not slots.get("coffeeDrink"):
        question = Question(intent="orderDrink", slot="coffeeDrink")
        return SkillReply(reply="ask_drink", question=question, memory=_memory(call, drinks, slots))
    drink = drink_of(slots)
    one_size = call.settings["without_size"]
    if drink.size is None and isinstance(one_size, list) and drink.coffeeDrink not in one_size:
        return SkillReply(
            reply="ask_size",
            values={"drink": drink.coffeeDrink, "sizes": _table(call, "menu").get("size", [])},
            question=Question(intent="orderDrink", slot="size", short=True),
            memory=_memory(call, drinks, drink.to_dict()),
        )
    most = call.settings["most_drinks"]
    if isinstance(most, int) and sum(line.quantity for line in (*drinks, drink)) > most:
        return SkillReply(reply="too_many", values={"most": most}, memory=_memory(call, _drinks(call), {}))
    lines = with_line(drinks, drink)
    return SkillReply(
        reply="read_back", values=_spoken(call, lines), question=_CONFIRM, memory=_memory(call, lines, {})
    )


_CONFIRM = Question(intent="confirmOrder", slot="answer", short=True)


def _told(call: SkillCall, reply: str) -> SkillReply:
    drinks = _drinks(call)
    if not drinks:
        return _nothing_to_do(call)
    return SkillReply(reply=reply, values=_spoken(call, drinks), question=_CONFIRM)


def _nothing_to_do(call: SkillCall) -> SkillReply:
    """There is no open order; what was sent cannot be called back."""
    question = Question(intent="orderDrink", slot="coffeeDrink")
    placed = _placed(call)
    if placed:
        return SkillReply(reply="already_placed", values=_spoken(call, placed), question=question)
    return SkillReply(reply="nothing_ordered", question=question, memory={})


def _changed(before: Mapping[str, Json], call: SkillCall) -> Values:
    """A drink's slots with what is said now in their place."""
    slots = {**before, **{name: value for name, value in call.slots.items() if name in SLOTS}}
    if call.slots.get("without") is not None:
        slots[str(call.slots["without"])] = None
    return slots


def _sending(call: SkillCall, drinks: Sequence[Drink]) -> Effect:
    body: Values = {
        "drinks": _lines(drinks),
        "total_minor": _total_minor(call, drinks),
        "currency": _table(call, "currency")["code"],
        "ordered_at": call.now.isoformat(),
    }
    url = str(call.settings["orders_url"])
    if url:
        return HttpEffect(method="POST", url=url, body=body)
    return FunctionEffect(function="order_book:record_order", arguments=body)


def _spoken(call: SkillCall, drinks: Sequence[Drink]) -> Values:
    total = spoken_amount(_total_minor(call, drinks), _table(call, "currency"))
    return {"order": spoken_order(drinks), "total": total}


def _total_minor(call: SkillCall, drinks: Sequence[Drink]) -> int:
    prices, surcharges = _table(call, "prices"), _table(call, "surcharges")
    return sum(price_minor(drink, prices, surcharges) for drink in drinks)


def _table(call: SkillCall, name: str) -> dict[str, Json]:
    table = call.settings[name]
    return table if isinstance(table, dict) else {}


def _drinks(call: SkillCall) -> list[Drink]:
    return _drinks_in(call.memory.get("drinks"))


def _placed(call: SkillCall) -> list[Drink]:
    return _drinks_in(call.memory.get("placed"))


def _drinks_in(lines: Json) -> list[Drink]:
    return [drink_of(line) for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def _pending(call: SkillCall) -> Values:
    pending = call.memory.get("pending")
    return dict(pending) if isinstance(pending, dict) else {}


def _memory(call: SkillCall, drinks: Sequence[Drink], pending: Mapping[str, Json]) -> Values:
    return {"drinks": _lines(drinks), "pending": dict(pending), "placed": _lines(_placed(call))}


def _lines(drinks: Sequence[Drink]) -> list[Json]:
    return [drink.to_dict() for drink in drinks]
