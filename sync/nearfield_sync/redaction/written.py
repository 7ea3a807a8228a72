"""What has a form of its own when it is written: e-mail, web and network addresses, IBANs, postcodes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban

from nearfield_sync.redaction.spans import Found

_EMAIL: Final = re.compile(r"[\w.+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]{1,500}|\b(?:[a-z0-9-]{1,63}\.){1,3}(?:com|org|net|edu|gov|io|dev|eu|de|fr|uk)"
    r"(?![\w.]\w)(?:/[^\s<>\"]{0,500})?",
    re.IGNORECASE,
)
_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)")
_IPV6: Final = re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")


def find_written(text: str) -> Iterator[Found]:
    """What can be told by its form alone."""
    for match in _EMAIL.finditer(text):
        yield Found(kind="email", start=match.start(), end=match.end())
    for match in _URL.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?)"))
        yield Found(kind="url", start=match.start(), end=end)
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_address(match[0]):
                yield Found(kind="ip", start=match.start(), end=match.end())
    for match in _IBAN.finditer(text):
        if iban.is_valid(match[0]):
            yield Found(kind="iban", start=match.start(), end=match.end())
    for match in _POSTCODE.finditer(text):
        yield Found(kind="address", start=match.start(), end=match.end())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return len(text) > 5
