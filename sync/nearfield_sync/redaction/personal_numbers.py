"""Numbers that belong to a person: told by the word before them, by their own form, or by a check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import phonenumbers
from stdnum import iban, luhn
from stdnum.es import dni, nie
from stdnum.it import codicefiscale

from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found, Kind
from nearfield_sync.redaction.tokens import Run
from nearfield_sync.redaction.vocabulary import UNITS, words_of

_FILLING: Final = words_of(
    """
    number numbers is are was 's : # it it's its that's id code no as on at to the in with my his
    her our your here of for me us him them back please a you can i new reading ending ends end
    starts starting this identifier ref reference , equals be will should details digits last four
    main direct line work home private personal old which that they sent gave told got texted says
    shows now changed current under me's full again i'm not right correct
    """
)
"""Words that may stand between a number and the word that says what it is."""
_NUMBERED: Final = words_of(
    """
    number numbers id code reference ref no # identifier details
    """
)
_CUES: Final[dict[str, Kind]] = {
    **dict.fromkeys(words_of("card visa mastercard amex credit debit"), "card"),
    **dict.fromkeys(
        words_of(
            """
            pin password passcode passphrase cvv cvc otp combination passwort
            """
        ),
        "secret",
    ),
    **dict.fromkeys(
        words_of(
            """
            phone mobile cell cellphone telephone landline whatsapp fax tel call ring dial
            reach text contact handy sms phoning calling message voicemail reachable
            """
        ),
        "phone",
    ),
    **dict.fromkeys(
        words_of(
            """
            account customer member membership client patient policy loyalty employee staff
            student insurance subscriber personnel payroll sort routing meter badge acct
            library iban user
            """
        ),
        "account",
    ),
    **dict.fromkeys(
        words_of(
            """
            order booking reservation confirmation invoice contract case tracking ticket
            claim file reference application
            """
        ),
        "account",
    ),
    **dict.fromkeys(
        words_of(
            """
            ssn passport social nhs aadhaar medicare nino dni identity licence license
            """
        ),
        "national_id",
    ),
    **dict.fromkeys(words_of("plate plates registration reg"), "plate"),
    **dict.fromkeys(words_of("zip zipcode postcode"), "address"),
}
_OPENS: Final = frozenset({"pin", "code", "cvv", "cvc", "password"})
_NEED_A_WORD: Final = words_of(
    """
    order booking reservation confirmation invoice contract case tracking ticket claim file
    application library user account customer member client patient policy staff student employee
    insurance text reach credit debit licence license identity contact message
    """
)
"""These say nothing of a number unless ``number`` or the like stands between, or the number is long."""
_LENGTHS: Final[dict[Kind, tuple[int, int]]] = {
    "card": (4, 19), "secret": (3, 12), "phone": (6, 15), "account": (4, 20), "national_id": (4, 15),
    "plate": (3, 9), "address": (5, 9), "iban": (12, 34),
}  # fmt: skip
_OTHER_CODES: Final = words_of(
    """
    area country error dress promo discount bar qr dialling dialing calling source product item
    voucher colour color fault status language building penal civil highway
    """
)
"""Before ``code``: it opens nothing."""
_IBAN: Final = re.compile(r"[a-z]{2}\d{2}[a-z0-9]{11,30}")
"""A digit that was misheard leaves it one."""
_PLATE: Final = re.compile(r"[a-z]{2}\d{2}[a-z]{3}")
_POSTCODE: Final = re.compile(r"[a-z]{1,2}\d[a-z\d]?\d[a-z]{2}")
_NINO: Final = re.compile(r"[a-ceghj-prstw-z][a-ceghj-nprstw-z]\d{6}[a-d]")
_COUNTING: Final = frozenset({"times", "plus", "minus", "divided", "multiplied", "squared", "over", "+", "*"})
_LONG: Final = 7
_LONGEST: Final = 40
_CLAUSE: Final = 12


def find_numbers(sentence: Sentence, regions: Sequence[str]) -> Iterator[Found]:
    """All numbers that belong to a person.

    Args:
        sentence: To be searched.
        regions: Whose telephone numbers are known without a country code: ``("US", "GB")``.
    """
    for run in sentence.spelled:
        kind = _spelled_kind(sentence, run)
        if kind is not None:
            yield sentence.found(kind, *_whole(sentence, run))
    for run in sentence.numbers:
        kind = _number_kind(sentence, run, regions)
        if kind is not None:
            yield sentence.found(kind, *_whole(sentence, run))


def _whole(sentence: Sentence, run: Run) -> tuple[int, int]:
    first = run.first
    while sentence.word(first - 1) in ("+", "plus", "(", "#"):
        first -= 1
    return first, run.end


def _number_kind(sentence: Sentence, run: Run, regions: Sequence[str]) -> Kind | None:
    digits = run.characters
    if len(digits) > _LONGEST:
        return "account"
    if _counts_something(sentence, run) or _is_date(run):
        return None
    cue = _cue(sentence, run)
    if cue in ("phone", None) and len(digits) >= 13 and luhn.is_valid(digits):
        return "card"
    if cue == "iban":
        cue = "account"
    if cue is not None:
        low, high = _LENGTHS[cue]
        if low <= len(digits) <= high and (cue != "plate" or len(digits) > 3):
            return cue
    return _kind_by_form(sentence, run, regions)


def _kind_by_form(sentence: Sentence, run: Run, regions: Sequence[str]) -> Kind | None:
    digits = run.characters
    if not run.digit_by_digit and len(digits) < 9:
        return None
    if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
        return "card"
    if _grouped(sentence, run, (3, 2, 4)):
        return "national_id"
    with_plus = sentence.word(run.first - 1) in ("+", "plus")
    if 7 <= len(digits) <= 15 and (_is_phone(digits, regions, with_plus=with_plus)):
        return "phone"
    if len(digits) == _LONG:
        return "phone"
    return "account" if len(digits) > _LONG + 1 else None


def _grouped(sentence: Sentence, run: Run, lengths: tuple[int, ...]) -> bool:
    return tuple(len(piece.characters) for piece in run.pieces) == lengths and all(
        separator == "-" for separator in run.separators[1:]
    )


def _is_date(run: Run) -> bool:
    """``6/13/2039``."""
    lengths = tuple(len(piece.characters) for piece in run.pieces)
    return len(lengths) == 3 and lengths[0] <= 2 and lengths[1] <= 2 and set(run.separators[1:]) <= {"/", "."}


def _is_phone(digits: str, regions: Sequence[str], *, with_plus: bool) -> bool:
    for region in [None] if with_plus else regions:
        try:
            number = phonenumbers.parse(f"+{digits}" if with_plus else digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (
            len(digits) >= 10 and phonenumbers.is_possible_number(number)
        ):
            return True
    return False


def _counts_something(sentence: Sentence, run: Run) -> bool:
    before, after = sentence.word(run.first - 1), sentence.word(run.end)
    counted = after in UNITS and len(run.characters) < 9
    return counted or before in _COUNTING - {"plus", "+"} or after in _COUNTING or before in ("$", "£", "€")


def _cue(sentence: Sentence, run: Run) -> Kind | None:
    """What the nearest word before says that the number is; or the words after: ``is my pin``."""
    numbered = False
    for place in sentence.back_from(run.first, through=_FILLING, most=8):
        word = sentence.word(place)
        kind = _kind_of(sentence, place, word)
        if kind is not None:
            long = len(run.characters) >= 5 and (run.digit_by_digit or len(run.pieces) > 2)
            if (
                kind == "card"
                and len(run.characters) < 7
                and _OPENS.intersection(sentence.words(place - 4, place))
            ):
                return "secret"
            return kind if numbered or long or word not in _NEED_A_WORD else None
        numbered = numbered or word in _NUMBERED
    after = sentence.words(run.end, run.end + 6)
    if after[:1] in (("is",), ("as",)) or after[:2] == (",", "is"):
        for place in range(run.end + 1, run.end + 6):
            kind = _kind_of(sentence, place, sentence.word(place))
            if kind is not None:
                return kind
    return _cue_in_clause(sentence, run, numbered=numbered)


def _cue_in_clause(sentence: Sentence, run: Run, *, numbered: bool) -> Kind | None:
    """What a word further before says: ``the pin that my bank sent to me is …``."""
    words = sentence.words(0, run.first)
    if words[-1:] and words[-1] in ("is", "'s", "was", ":", "number", "code"):
        for word in reversed(words[-_CLAUSE:]):
            kind = _CUES.get(word)
            if kind is not None and word not in _NEED_A_WORD and kind != "phone":
                return kind
    if not run.digit_by_digit or len(run.characters) < _LONG:
        return None
    told = any(_CUES.get(word) == "phone" for word in words[:-1])
    number_of = "number" in words[-6:] and words[-1:] in (("is",), ("'s",))
    return "phone" if numbered or number_of or told else None


def _kind_of(sentence: Sentence, place: int, word: str) -> Kind | None:
    before = sentence.word(place - 1)
    if word == "security" and before == "social":
        return "national_id"
    if word == "insurance" and before == "national":
        return "national_id"
    if word == "card" and before in (
        "member",
        "membership",
        "loyalty",
        "library",
        "gift",
        "customer",
        "id",
        "identity",
    ):
        return "national_id" if before in ("id", "identity") else "account"
    if word in ("plate", "plates") or (word == "number" and before in ("licence", "license", "registration")):
        return "plate" if before in ("license", "licence", "number", "my", "registration", "the") else None
    if word == "code":
        if before in ("zip", "post", "postal"):
            return "address"
        return "account" if before == "sort" else None if before in _OTHER_CODES else "secret"
    if word == "number" and before in ("tax", "id"):
        return "national_id"
    return _CUES.get(word)


def _spelled_kind(sentence: Sentence, run: Run) -> Kind | None:
    characters = run.characters
    if len(characters) > _LONGEST:
        return "account"
    digits = sum(character.isdigit() for character in characters)
    if iban.is_valid(characters) or _IBAN.fullmatch(characters):
        return "iban"
    if digits < 2 or _counts_something(sentence, run):
        return None
    cue = _cue(sentence, run)
    if cue is not None and cue != "phone":
        return _fitting(sentence, run, cue)
    if _PLATE.fullmatch(characters):
        return "plate"
    if _POSTCODE.fullmatch(characters) and len(characters) >= 5:
        return "address"
    if _NINO.fullmatch(characters) or dni.is_valid(characters) or nie.is_valid(characters):
        return "national_id"
    return "national_id" if codicefiscale.is_valid(characters) else None


def _fitting(sentence: Sentence, run: Run, cue: Kind) -> Kind | None:
    nearby = sentence.words(run.first - 5, run.first)
    if "iban" in nearby and len(run.characters) >= 8:
        return "iban"
    low, high = _LENGTHS[cue]
    return cue if low <= len(run.characters) <= high else None
