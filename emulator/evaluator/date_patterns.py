"""Dates as text and back, by patterns of Joda-Time's ``DateTimeFormat``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from emulator.evaluator.dates import Date, of_datetime, zone_of
from emulator.evaluator.errors import EngineError

_TOKENS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
DEFAULT_FORMAT = "yyyy-MM-dd'T'HH:mm:ss"

_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "C": lambda moment: moment.year // 100,
    "D": lambda moment: moment.timetuple().tm_yday,
    "H": lambda moment: moment.hour,
    "K": lambda moment: moment.hour % 12,
    "M": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "e": lambda moment: moment.isoweekday(),
    "h": lambda moment: (moment.hour - 1) % 12 + 1,
    "k": lambda moment: moment.hour or 24,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
    "w": lambda moment: moment.isocalendar().week,
}
_YEARS: dict[str, Callable[[datetime], int]] = {
    "Y": lambda moment: moment.year,
    "x": lambda moment: moment.isocalendar().year,
    "y": lambda moment: moment.year,
}


def _words(pattern: str) -> list[tuple[str, str]]:
    """Returns a pattern's parts: a letter and how it stands, or no letter and text."""
    words = []
    for match in _TOKENS.finditer(pattern):
        if match[2] is not None:
            words.append((match[2], match[0]))
        elif match[1] is not None:
            words.append(("", match[1].replace("''", "'") or "'"))
        else:
            words.append(("", match[0]))
    return words


def formatted(date: Date, pattern: str | None, zone: tzinfo = UTC) -> str:
    """Returns a date as text.

    Args:
        date: The date.
        pattern: Letters of Joda-Time, text in quotes; by default ISO 8601.
        zone: Time zone.

    Raises:
        EngineError: The pattern has a letter of no meaning.
    """
    moment = date.within(zone)
    return "".join(
        _formatted(letter, word, moment) if letter else word
        for letter, word in _words(pattern or DEFAULT_FORMAT)
    )


def _formatted(letter: str, word: str, moment: datetime) -> str:
    width = len(word)
    if letter in _YEARS:
        text = f"{_YEARS[letter](moment):0{width}d}"
        return text[-2:] if width == 2 else text
    match letter:
        case "M" if width >= 3:
            names = calendar.month_name if width > 3 else calendar.month_abbr
            return names[moment.month]
        case "E":
            days = calendar.day_name if width > 3 else calendar.day_abbr
            return days[moment.weekday()]
        case "a":
            return "AM" if moment.hour < 12 else "PM"
        case "G":
            return "AD"
        case "S":
            return f"{moment.microsecond:06d}"[:width].ljust(width, "0")
        case "Z":
            offset = moment.strftime("%z")
            return offset if width == 1 else f"{offset[:3]}:{offset[3:]}"
        case "z":
            return moment.strftime("%Z")
    if letter in _NUMBERS:
        return f"{_NUMBERS[letter](moment):0{width}d}"
    raise EngineError(f"Date.format: Illegal pattern component: {word}")


def parsed(text: str, pattern: str, zone: tzinfo = UTC) -> Date:
    """Reads a date of the form that a pattern describes.

    Raises:
        EngineError: The text is not of that form, or the pattern cannot be read by.
    """
    wanted = [_reading(letter, word) for letter, word in _words(pattern)]
    match = re.fullmatch("".join(wanted), text, re.IGNORECASE)
    if match is None:
        raise EngineError(f"Date.parse: '{text}' is not of the form '{pattern}'.")
    part = match.groupdict()
    try:
        return _assembled(part, zone)
    except ValueError as error:
        raise EngineError(f"Date.parse: '{text}': {error}.") from error


_MONTHS = [name.lower() for name in calendar.month_abbr]
_READ = {"Y": "y", "k": "H", "K": "h"}


def _reading(letter: str, word: str) -> str:
    if not letter:
        return re.escape(word)
    name = _READ.get(letter, letter)
    if letter == "M" and len(word) >= 3:
        return r"(?P<month>[a-z]+)"
    if letter == "a":
        return "(?P<a>am|pm)"
    if letter == "Z":
        return r"(?P<Z>Z|[+-]\d{2}:?\d{2})"
    if name not in "yMdDHhmsS":
        raise EngineError(f"Date.parse: Illegal pattern component: {word}")
    digits = {"y": "4" if len(word) > 2 else "2", "S": str(len(word))}
    return rf"(?P<{name}>\d{{{digits.get(name, '1,2' if letter != 'D' else '1,3')}}})"


def _assembled(part: dict[str, str], zone: tzinfo) -> Date:
    number = {key: int(value) for key, value in part.items() if value.isdigit()}
    year = number.get("y", 1970)
    if len(part.get("y", "")) == 2:
        year += 2000 if year < 70 else 1900
    month = number.get("M", 1)
    if "month" in part:
        month = _MONTHS.index(part["month"][:3].lower())
    hour = number.get("H", number.get("h", 0)) % 24
    if "a" in part:
        hour = hour % 12 + (12 if part["a"].lower() == "pm" else 0)
    moment = datetime(
        year,
        month,
        number.get("d", 1),
        hour,
        number.get("m", 0),
        number.get("s", 0),
        tzinfo=zone_of(part["Z"]) if "Z" in part else zone,
    )
    if "D" in number:
        moment = moment.replace(month=1, day=1) + timedelta(days=number["D"] - 1)
    fraction = float(f"0.{part['S']}") if "S" in part else 0.0
    return of_datetime(moment + timedelta(milliseconds=round(fraction * 1000)))
