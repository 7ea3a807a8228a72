"""Personal data that nobody has, as people say it: for the benchmark of redaction.

Two halves that share no name, street or domain: the rules may be looked at with the one, and are judged
by the other.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stdnum import iban as iban_check
from stdnum import luhn

POOLS: Final = Path(__file__).with_name("redaction_pools.toml")
_DIGITS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven",
    "eight", "nine",
)  # fmt: skip
_TENS: Final = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_TEENS: Final = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december",
)  # fmt: skip
_DAYS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
    "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
    "seventeenth", "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the values of one half are made of."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    domains: tuple[str, ...]
    areas: tuple[str, ...]
    banks: tuple[str, ...]
    passwords: tuple[str, ...]


def read_pools(half: str) -> tuple[Pool, ...]:
    """The pools of ``development`` or ``test``."""
    document = tomllib.loads(POOLS.read_text("utf-8"))
    return tuple(Pool(**{name: tuple(made_of) for name, made_of in pool.items()}) for pool in document[half])


class Values:
    """Draws values; the same seed gives the same ones."""

    def __init__(self, half: str, seed: int) -> None:
        self._draw = random.Random(f"{half} {seed}")  # noqa: S311 (sentences, not secrets)
        self._pools = read_pools(half)
        self._makers: Mapping[str, tuple[str, Callable[[], str]]] = {
            "phone": ("phone", self._phone),
            "email": ("email", self._email),
            "name:full": ("name", lambda: f"{self._one(self._pool.given)} {self._one(self._pool.surnames)}"),
            "name:given": ("name", lambda: self._one(self._pool.given)),
            "name:surname": ("name", lambda: self._one(self._pool.surnames)),
            "address": ("address", self._address),
            "card": ("card", self._card),
            "iban": ("iban", self._iban),
            "ssn": ("national_id", lambda: self._said(self._digits(9))),
            "nino": ("national_id", lambda: self._spelled("QR" + self._digits(6) + "C", large="AB")),
            "passport": ("national_id", lambda: self._said(self._digits(9))),
            "birth_date": ("birth_date", self._birth_date),
            "pin": ("secret", lambda: self._said(self._digits(self._draw.choice((4, 4, 6))))),
            "password": ("secret", lambda: self._one(self._pool.passwords)),
            "plate": ("plate", self._plate),
            "account": ("account", lambda: self._said(self._digits(self._draw.choice((6, 7, 8))))),
            "reference": ("account", self._reference),
            "url": ("url", self._url),
            "ip": ("ip", self._ip),
        }

    def value(self, name: str) -> tuple[str, str]:
        """The kind and a value of a placeholder.

        Args:
            name: As it stands in a template: ``phone``, ``name:full``.
        """
        kind, make = self._makers[name]
        return kind, make()

    @property
    def _pool(self) -> Pool:
        return self._draw.choice(self._pools)

    def _one(self, choices: tuple[str, ...]) -> str:
        return self._draw.choice(choices)

    def _digits(self, count: int) -> str:
        return str(self._draw.randint(1, 9)) + "".join(
            str(self._draw.randint(0, 9)) for _ in range(count - 1)
        )

    def _said(self, digits: str) -> str:
        """As one of the ways in which recognisers write what people say."""
        way = self._draw.choice(("single", "single", "oh", "double", "pairs", "written"))
        if way == "written":
            return digits
        if way == "pairs" and len(digits) % 2 == 0:
            return " ".join(self._pair(digits[at : at + 2]) for at in range(0, len(digits), 2))
        words = [_DIGITS[int(digit)] for digit in digits]
        if way == "oh":
            words = ["oh" if word == "zero" else word for word in words]
        if way == "double":
            return _doubled(words)
        return " ".join(words)

    def _pair(self, pair: str) -> str:
        tens, unit = int(pair[0]), int(pair[1])
        if tens == 0:
            return f"oh {_DIGITS[unit]}"
        if tens == 1:
            return _TEENS[unit]
        return _TENS[tens - 2] + (f" {_DIGITS[unit]}" if unit else "")

    def _spelled(self, characters: str, *, large: str = "") -> str:
        characters = large + characters[len(large) :] if large else characters
        if self._draw.random() < 0.3:
            return characters
        return " ".join(
            _DIGITS[int(sign)] if sign.isdigit() else sign.lower() for sign in characters if sign != " "
        )

    def _phone(self) -> str:
        form = self._draw.choice(("us", "us", "uk", "local", "plus"))
        if form == "us":
            number = self._one(self._pool.areas) + str(self._draw.randint(2, 9)) + self._digits(6)
        elif form == "uk":
            number = "077" + self._digits(8)
        elif form == "local":
            number = "555" + self._digits(4)
        else:
            return "plus four nine " + " ".join(_DIGITS[int(digit)] for digit in "30" + self._digits(7))
        return self._said(number)

    def _email(self) -> str:
        given, surname = self._one(self._pool.given), self._one(self._pool.surnames)
        local = self._draw.choice(
            (
                f"{given} dot {surname}", f"{given[0]} underscore {surname}", f"{given}{surname}",
                f"{given} {_DIGITS[self._draw.randint(1, 9)]} {_DIGITS[self._draw.randint(0, 9)]}",
                " ".join(surname[:5]), f"{given} dash {surname}",
            )
        )  # fmt: skip
        domain = self._one(self._pool.domains)
        if self._draw.random() < 0.25:
            return f"{given}.{surname}@{domain.replace(' dot ', '.')}"
        return f"{local} at {domain}"

    def _address(self) -> str:
        number = self._draw.choice(
            (str(self._draw.randint(2, 240)), self._pair(str(self._draw.randint(11, 99))))
        )
        street = f"{number} {self._one(self._pool.streets)}"
        return self._draw.choice((street, f"{street} in {self._one(self._pool.towns)}"))

    def _card(self) -> str:
        body = self._draw.choice(("4", "5")) + self._digits(14)
        return self._said(body + luhn.calc_check_digit(body))

    def _iban(self) -> str:
        bank = self._one(self._pool.banks)
        body = bank + self._digits(18 - len(bank))
        number = ("DE" if bank.isdigit() else "GB") + "00" + body
        number = number[:2] + iban_check.calc_check_digits(number) + number[4:]
        if self._draw.random() < 0.3:
            return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
        return " ".join(_DIGITS[int(sign)] if sign.isdigit() else sign.lower() for sign in number)

    def _birth_date(self) -> str:
        day, month = self._one(_DAYS), self._one(_MONTHS)
        year = f"nineteen {self._pair(str(self._draw.randint(50, 99)))}"
        number = f"{self._draw.randint(1, 28)} {month} {self._draw.randint(1950, 2010)}"
        return self._draw.choice(
            (f"the {day} of {month} {year}", f"{month} {day} {year}", number, f"{month} {day}")
        )

    def _plate(self) -> str:
        letters = "".join(self._draw.choice("BCDEFGHJKLMNPRSTVWX") for _ in range(5))
        if self._draw.random() < 0.5:
            return self._spelled(letters[:2] + self._digits(2) + letters[2:])
        return self._spelled(self._digits(1) + letters[:3] + self._digits(3))

    def _reference(self) -> str:
        letters = "".join(self._draw.choice("BCDFGHKLMNPRSTVX") for _ in range(2))
        return self._draw.choice((self._said(self._digits(8)), self._spelled(letters + self._digits(5))))

    def _url(self) -> str:
        domain = self._one(self._pool.domains)
        form = self._draw.choice(("www dot {}", "www dot {} slash help", "www.{}", "https://{}/forms/a1"))
        return form.format(domain if "dot" in form else domain.replace(" dot ", "."))

    def _ip(self) -> str:
        groups = [str(self._draw.randint(1, 254)) for _ in range(4)]
        if self._draw.random() < 0.4:
            return ".".join(groups)
        return " dot ".join(" ".join(_DIGITS[int(digit)] for digit in group) for group in groups)


def _doubled(words: list[str]) -> str:
    said: list[str] = []
    at = 0
    while at < len(words):
        if words[at : at + 1] == words[at + 1 : at + 2]:
            said += ["double", words[at]]
            at += 2
        else:
            said.append(words[at])
            at += 1
    return " ".join(said)
