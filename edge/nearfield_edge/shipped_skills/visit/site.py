"""The site file: what the device knows of the place."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from nearfield_edge.calendars.spoken_times import WEEKDAYS
from nearfield_edge.errors import SkillError
from nearfield_sync.validation import sentence

LONGEST_SEARCH_DAYS: Final = 366


def _checked_span(text: str) -> str:
    span_of(text)
    return text


def span_of(text: str) -> tuple[time, time]:
    """``09:00-17:30`` as two times of day.

    Raises:
        ValueError: Not of that form, or it ends before it begins.
    """
    begin, _, end = text.partition("-")
    try:
        span = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError as error:
        raise ValueError(f"'{text}' is not of the form 09:00-17:30") from error
    if span[0] >= span[1]:
        raise ValueError(f"'{text}' ends before it begins")
    return span


Spans = tuple[Annotated[str, AfterValidator(_checked_span)], ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wifi(_Strict):
    """The guests' network; an empty password means that it is open."""

    network: str
    password: str = ""


class Hours(_Strict):
    """Opening hours by weekday."""

    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()


class Place(_Strict):
    """Somewhere to go."""

    name: str
    said_as: tuple[str, ...] = ()
    """Other words for it, each as it is said."""
    directions: str


class Person(_Strict):
    """Somebody who can be called."""

    name: str
    said_as: tuple[str, ...] = ()
    address: str
    """What the call is sent to: an extension, a user name."""
    directions: str = ""


class Site(_Strict):
    """The whole file."""

    wifi: Wifi | None = None
    hours: Hours = Hours()
    exceptions: dict[date, Spans] = Field(default_factory=dict)
    places: tuple[Place, ...] = ()
    people: tuple[Person, ...] = ()

    def spans_on(self, day: date) -> list[tuple[time, time]]:
        """When the place is open on a day, in order; empty when closed."""
        by_weekday: Spans = getattr(self.hours, WEEKDAYS[day.weekday()])
        return sorted(span_of(text) for text in self.exceptions.get(day, by_weekday))

    def open_until(self, now: datetime) -> time | None:
        """When it closes, if it is open at ``now``."""
        at = now.time()
        return next((end for begin, end in self.spans_on(now.date()) if begin <= at < end), None)

    def next_opening(self, now: datetime) -> tuple[date, time] | None:
        """The next day and time at which it opens, within a year."""
        for offset in range(LONGEST_SEARCH_DAYS):
            day = now.date() + timedelta(days=offset)
            for begin, _ in self.spans_on(day):
                if offset > 0 or begin > now.time():
                    return day, begin
        return None


def read_site(path: Path) -> Site:
    """Read the site file.

    Raises:
        SkillError: It cannot be read, is not TOML, or a key is unknown, missing or wrong.
    """
    try:
        return Site.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"site file {path}: cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise SkillError(f"site file {path}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise SkillError(sentence(error, Site, f"site file {path}")) from error
