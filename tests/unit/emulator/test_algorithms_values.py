"""Lists, dictionaries, strings and dates against Python's own, and the documents."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.evaluator import date_patterns, dates
from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import registered

NUMBERS = [5, 3, 8, 3]


def call(name, *values, **named):
    algorithm = registered()[name]
    names = [parameter.argument.name for parameter in algorithm.parameters]
    return algorithm.call(dict(zip(names, values, strict=False)) | named, None)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        # The reference's examples of ee.List.sequence.
        ("sequence", (0, 5), [0, 1, 2, 3, 4, 5]),
        ("sequence", (0, 10, 2), [0, 2, 4, 6, 8, 10]),
        ("sequence", (0, None, 2, 6), [0, 2, 4, 6, 8, 10]),
        ("sequence", (0, None, -2, 6), [0, -2, -4, -6, -8, -10]),
        ("sequence", (0, 10, 2, 3), [0, 5, 10]),
        ("sequence", (10, None, None, 3), [10, 11, 12]),
        ("sequence", (3, 6, 2), [3, 5]),
        ("sequence", (-1e9, 1e9, None, 3), [-1e9, 0, 1e9]),
        ("sequence", (5, 1), []),
        ("sequence", (0, 0.3, 0.1), pytest.approx([0, 0.1, 0.2, 0.3])),
        # And of ee.List.splice.
        ("splice", ([0, 1, 2, 3, 4], 2, 1, None), [0, 1, 3, 4]),
        ("splice", ([0, 1, 2, 3, 4], -2, 1), [0, 1, 2, 4]),
        ("splice", ([0, 1, 2, 3, 4], 1, 3), [0, 4]),
        ("splice", ([0, 1, 2, 3, 4], 2, 0, ["X"]), [0, 1, "X", 2, 3, 4]),
        ("splice", ([0, 1, 2], 1, 1, ["X", "Y"]), [0, "X", "Y", 2]),
        ("get", (NUMBERS, -1), 3),
        ("set", (NUMBERS, -1, 9), [5, 3, 8, 9]),
        ("swap", (NUMBERS, 0, -2), [8, 3, 5, 3]),
        ("insert", (NUMBERS, 1, "x"), [5, "x", 3, 8, 3]),
        ("insert", (NUMBERS, 4, "x"), [5, 3, 8, 3, "x"]),
        ("insert", (NUMBERS, -1, "x"), [5, 3, 8, "x", 3]),
        ("slice", (NUMBERS, 1, 99), [3, 8, 3]),
        ("slice", (NUMBERS, -2), [8, 3]),
        ("slice", (NUMBERS, 0, 4, 2), [5, 8]),
        ("sort", (NUMBERS,), [3, 3, 5, 8]),
        ("sort", (["b", None, 2, "a", 1],), [1, 2, "a", "b", None]),
        ("sort", (["x", "y", "z"], [3, 1, 2]), ["y", "z", "x"]),
        ("reverse", (NUMBERS,), [3, 8, 3, 5]),
        # Java's Collections.rotate, whose words the client uses.
        ("rotate", (["t", "a", "n", "k", "s"], 1), ["s", "t", "a", "n", "k"]),
        ("rotate", (["t", "a", "n", "k", "s"], -4), ["s", "t", "a", "n", "k"]),
        ("rotate", ([], 3), []),
        ("contains", (NUMBERS, 8), True),
        ("containsAll", (NUMBERS, [3, 5]), True),
        ("containsAll", (NUMBERS, [3, 4]), False),
        ("equals", ([1, [2]], [1, [2]]), True),
        ("equals", ([1, 2], [2, 1]), False),
        ("distinct", ([1, "a", 1, [2], [2]],), [1, "a", [2]]),
        ("frequency", (NUMBERS, 3), 2),
        ("indexOf", (NUMBERS, 3), 1),
        ("indexOf", (NUMBERS, 4), -1),
        ("indexOfSublist", ([1, 2, 1, 2], [1, 2]), 0),
        ("lastIndexOfSubList", ([1, 2, 1, 2], [1, 2]), 2),
        ("lastIndexOfSubList", ([1, 2], [2, 1]), -1),
        ("join", ([1, "a", True, 2.5], "-"), "1-a-true-2.5"),
        ("remove", (NUMBERS, 3), [5, 8, 3]),
        ("remove", (NUMBERS, 4), NUMBERS),
        ("removeAll", ([1, None, 2], [None]), [1, 2]),
        ("replace", (NUMBERS, 3, 0), [5, 0, 8, 3]),
        ("replace", (NUMBERS, 4, 0), NUMBERS),
        ("replaceAll", (NUMBERS, 3, 0), [5, 0, 8, 0]),
        ("repeat", ("x", 3), ["x", "x", "x"]),
        ("length", (NUMBERS,), 4),
        ("size", (NUMBERS,), 4),
        ("getNumber", (NUMBERS, 0), 5),
        ("getString", (["a"], 0), "a"),
        ("zip", ([1, 2], [3, 4, 5]), [[1, 3], [2, 4]]),
        ("unzip", ([[1, 2, 9], [3, 4]],), [[1, 3], [2, 4]]),
        ("flatten", ([1, [2, [3, []]]],), [1, 2, 3]),
        ("cat", ([["a", "b"]], [["1", 1]]), [["a", "b"], ["1", 1]]),
    ],
)
def test_lists(name, arguments, expected):
    assert call(f"List.{name}", *arguments) == expected


def test_shuffling_loses_nothing_and_is_the_seed_s():
    mixed = call("List.shuffle", [*range(50)], 7)
    assert sorted(mixed) == [*range(50)] != mixed
    assert mixed == call("List.shuffle", [*range(50)], 7)
    assert mixed != call("List.shuffle", [*range(50)], 8)
    assert call("List.shuffle", [1, 2], False) == [1, 2]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("List.get", ([1, 2], 2), "between 0 and 1, but found 2"),
        ("List.get", ([1, 2], -3), "but found -3"),
        ("List.insert", ([1], 5, 0), "between 0 and 1, but found 5"),
        ("List.getNumber", (["a"], 0), "is not a Number"),
        ("List.getString", ([1], 0), "is not a String"),
        ("List.sequence", (0,), "Either end or count"),
        ("List.sequence", (0, 5, 0), "step is zero"),
        ("List.sequence", (0, 1e15), "memory limit"),
        ("List.repeat", (0, 10**12), "memory limit"),
        ("List.sort", ([1, 2], [1]), "As many keys"),
        ("List.slice", ([1], 0, 1, 0), "slice step"),
        ("Dictionary", (["a"],), "no list of pairs"),
        ("Dictionary", ([1, 2],), "no list of pairs"),
        ("Dictionary.get", ({"b": 1, "a": 2}, "c"), r"'c'\. Available keys: \[a, b\]"),
        ("Dictionary.getNumber", ({"a": "b"}, "a"), "is not a Number"),
        ("Dictionary.select", ({"a": 1}, ["b.*"]), "No key matches 'b"),
        ("Dictionary.rename", ({"a": 1, "b": 2}, ["a"], ["b"]), "'b' is taken"),
        ("Dictionary.rename", ({"a": 1}, ["a"], []), "As many"),
        ("Dictionary.fromLists", (["a"], []), "As many"),
        ("Date.get", (0, "eon"), "'eon' is not a unit"),
        ("Date.format", (0, "yyyy q"), "Illegal pattern component: q"),
        ("Date.format", (0, None, "Mars/Olympus"), "'Mars/Olympus'"),
        ("Date.advance", (0, 1e9, "year"), "out of range"),
        ("Date.parse", ("yyyy", "MMXX"), "not of the form"),
        ("Date.fromYMD", (2019, 2, 30), "Invalid date"),
        ("Date.update", (0, None, 13), "month must be in"),
        ("DateRange", ("2020-01-01", "2019-01-01"), "before its start"),
        ("String.match", ("a", "("), "Invalid pattern"),
        ("String.match", ("a", "a", "x"), "Unknown flags"),
        ("String.decodeJSON", ("{",), "String.decodeJSON"),
    ],
)
def test_complaints(name, arguments, said):
    with pytest.raises(EngineError, match=said):
        call(name, *arguments)


def test_reducers_of_lists(world):
    pairs = ee.List([[1, 10], [2, 20], [3, 60]])
    both = pairs.reduce(ee.Reducer.mean().repeat(2))
    assert both.getInfo() == [2, 30]
    with pytest.raises(ee.EEException, match="lists of 2 inputs"):
        ee.List([[1]]).reduce(ee.Reducer.mean().repeat(2)).getInfo()


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("combine", ({"a": 1, "b": None}, {"a": 2, "c": None}), {"a": 2}),
        ("combine", ({"a": 1}, {"a": 2, "c": 3}, False), {"a": 1, "c": 3}),
        ("combine", ({"a": 1}, {"a": None}), {"a": 1}),
        ("get", ({"a": None}, "a", 5), None),
        ("get", ({}, "a", 5), 5),
        ("getNumber", ({"a": 1}, "a"), 1),
        ("getString", ({"a": "b"}, "a"), "b"),
        ("set", ({"a": 1}, "b", 2), {"a": 1, "b": 2}),
        ("select", ({"B1": 1, "B2": 2, "QA": 3}, ["B.*"]), {"B1": 1, "B2": 2}),
        ("select", ({"a": 1}, ["b"], True), {}),
        ("remove", ({"B1": 1, "B2": 2, "QA": 3}, ["B[0-9]"]), {"QA": 3}),
        ("rename", ({"a": 1, "b": 2}, ["a", "b"], ["b", "a"]), {"b": 1, "a": 2}),
        ("rename", ({"a": 1, "b": 2}, ["a"], ["b"], True), {"b": 1}),
        ("keys", ({"b": 1, "a": 2},), ["a", "b"]),
        ("values", ({"b": 1, "a": 2}, ["b"]), [1]),
        ("size", ({"b": 1},), 1),
        ("contains", ({"b": None}, "b"), True),
        ("fromLists", (["a", "b"], [1, None]), {"a": 1, "b": None}),
    ],
)
def test_dictionaries(name, arguments, expected):
    assert call(f"Dictionary.{name}", *arguments) == expected


def test_mapped_dictionaries_drop_nulls(world):
    kept = ee.Dictionary({"a": 1, "b": 0}).map(
        lambda key, value: ee.Algorithms.If(value, ee.String(key).cat("!"), None)
    )
    assert kept.getInfo() == {"a": "a!"}


def test_dictionaries_as_images_and_of_geometries(world, utm):
    made = ee.Dictionary({"b": 2, "a": 1.5}).toImage()
    assert made.bandNames().getInfo() == ["a", "b"]
    assert world.pixels(made, utm)[5, 5].tolist() == (1.5, 2)
    names = ee.Dictionary({"b": 2, "a": 1.5}).toImage(["b", "a"]).bandNames()
    assert names.getInfo() == ["b", "a"]
    place = ee.Dictionary({"p": ee.Geometry.Point([1, 2])}).getGeometry("p")
    assert place.coordinates().getInfo() == [1, 2]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        # The reference's examples of ee.String.match.
        ("match", ("ABCabc123", ""), [""]),
        ("match", ("ABCabc123", "ab", "g"), ["ab"]),
        ("match", ("ABCabc123", "ab", "i"), ["AB"]),
        ("match", ("ABCabc123", "AB", "ig"), ["AB", "ab"]),
        ("match", ("ABCabc123", "[a-z]+[0-9]+"), ["abc123"]),
        ("match", ("ABCabc123", r"\d{2}"), ["12"]),
        ("match", ("ABCabc123", "abc[^0-9]", "i"), ["ABCa"]),
        ("match", ("ABC", "x"), []),
        ("replace", ("abcabc", "b", "-"), "a-cabc"),
        ("replace", ("abcabc", "B", "-", "gi"), "a-ca-c"),
        ("replace", ("S2_2019", r"(\w+)_(\d+)", "$2/$1"), "2019/S2"),
        ("replace", ("a", "a", r"\$1"), "$1"),
        ("split", ("a1b22c", "[0-9]+"), ["a", "b", "c"]),
        ("split", ("a-b", "(-)"), ["a", "b"]),
        ("split", ("abc", ""), ["a", "b", "c"]),
        ("split", ("aXbxc", "x", "i"), ["a", "b", "c"]),
        ("slice", ("abcdef", -3), "def"),
        ("slice", ("abcdef", 2, 99), "cdef"),
        ("slice", ("abcdef", 1, -1), "bcde"),
        ("compareTo", ("a", "b"), -1),
        ("compareTo", ("b", "a"), 1),
        ("compareTo", ("a", "a"), 0),
        ("equals", ("a", "a"), True),
        ("equals", ("1", 1), False),
        ("index", ("abab", "b"), 1),
        ("index", ("abab", "x"), -1),
        ("rindex", ("abab", "b"), 3),
        ("length", ("abc",), 3),
        ("toLowerCase", ("aBC",), "abc"),
        ("toUpperCase", ("aBc",), "ABC"),
        ("trim", ("  a b\n",), "a b"),
        ("cat", ("a", "b"), "ab"),
        ("decodeJSON", ('{"a": [1, null]}',), {"a": [1, None]}),
        ("encodeJSON", ({"a": [1, None]},), '{"a": [1, null]}'),
    ],
)
def test_strings(name, arguments, expected):
    assert call(f"String.{name}", *arguments) == expected


moments = st.datetimes(
    datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
zones = st.sampled_from(
    ["America/Los_Angeles", "Asia/Kathmandu", "Europe/Copenhagen", "UTC"]
)


@given(moments, zones)
def test_dates_in_time_zones_are_those_of_the_calendar_there(moment, zone):
    date, local = dates.of_datetime(moment), moment.astimezone(ZoneInfo(zone))
    for unit in ("year", "month", "day", "hour", "minute", "second"):
        assert call("Date.get", date, unit, zone) == getattr(local, unit)
    assert call("Date.get", date, "week", zone) == local.isocalendar().week
    text = call("Date.format", date, "yyyy-MM-dd'T'HH:mm:ss.SSSZZ", zone)
    assert datetime.fromisoformat(text) == moment
    days = call("Date.getRelative", date, "day", "year", zone)
    assert days == local.timetuple().tm_yday - 1
    months = call("Date.getRelative", date, "month", "year", zone)
    assert months == local.month - 1
    span = call("Date.getRange", date, "month", zone)
    assert span.contains(date.millis)
    first = dates.Date(span.start).within(ZoneInfo(zone))
    assert (first.day, first.month) == (1, local.month)
    fraction = call("Date.getFraction", date, "day", zone)
    assert 0 <= fraction < 1


def test_days_advance_by_the_clock_of_the_zone():
    # The clocks of Los Angeles went forward on 10 March 2019 at 2.
    zone = "America/Los_Angeles"
    noon = dates.parse("2019-03-09T12:00", ZoneInfo(zone))
    moved = call("Date.advance", noon, 1, "day", zone)
    assert moved.millis - noon.millis == 23 * 3600 * 1000
    assert call("Date.advance", noon, 24, "hour", zone).millis - noon.millis == 86400000
    assert call("Date.advance", noon, -1.5, "day").millis - noon.millis == -129600000


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("1996-01-01", None, "1996-01-01T00:00:00+00:00"),
        ("1996-001", None, "1996-01-01T00:00:00+00:00"),
        ("1996-01-01T08:00", None, "1996-01-01T08:00:00+00:00"),
        ("1996-1-1 8:05:07.25", None, "1996-01-01T08:05:07.250000+00:00"),
        ("1996-01-01T08:00", "America/Los_Angeles", "1996-01-01T16:00:00+00:00"),
        ("1996-07-01", "-08:00", "1996-07-01T08:00:00+00:00"),
        ("1996-01-01T08:00+02:00", "America/Los_Angeles", "1996-01-01T06:00:00+00:00"),
        ("1996-01-01T08:00Z", "Asia/Tokyo", "1996-01-01T08:00:00+00:00"),
    ],
)
def test_texts_are_read_in_their_zone(text, zone, expected):
    found = call("Date", text, zone)
    assert found.moment == datetime.fromisoformat(expected)
    assert call("DateRange", text, None, zone).start == found.millis


@given(moments)
def test_patterns_read_what_they_write(moment):
    date = dates.of_datetime(moment)
    for pattern in (
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        "D yyyy H:m:s.SSS",
        "d MMMM yyyy hh 'o''clock' a mm ss SSS",
        "yyyyMMddHHmmssSSSZ",
    ):
        text = date_patterns.formatted(date, pattern)
        assert call("Date.parse", pattern, text) == date


@pytest.mark.parametrize(
    ("pattern", "directive"),
    [
        ("YYYY", "%Y"), ("yy", "%y"), ("MMM", "%b"), ("MMMM", "%B"), ("EEE", "%a"),
        ("EEEE", "%A"), ("DDD", "%j"), ("hh", "%I"), ("a", "%p"), ("e", "%u"),
        ("ww", "%V"), ("xxxx", "%G"), ("Z", "%z"),
    ],
)  # fmt: skip
@given(moment=moments)
def test_letters_of_patterns_are_those_of_strftime(pattern, directive, moment):
    text = call("Date.format", dates.of_datetime(moment), pattern)
    assert text == moment.strftime(directive)


def test_rare_letters_of_patterns():
    date = dates.parse("2019-07-04T00:30")
    assert call("Date.format", date, "k K C G z '' 'x'") == "24 0 20 AD UTC ' x"


def test_units_of_dates():
    date = dates.parse("2019-07-04T12:30:15")
    assert call("Date.getFraction", date, "hour") == (30 * 60 + 15) / 3600
    july = datetime(2019, 7, 4, 12, 30, 15) - datetime(2019, 7, 1)
    assert call("Date.getFraction", date, "month") == july / timedelta(days=31)
    assert call("Date.unitRatio", "day", "hour") == 24
    assert call("Date.unitRatio", "year", "day") == 365.2425
    assert call("Date.difference", date, "2019-07-03T12:30:15", "hours") == 24
    assert call("Date.difference", "2019-07-03T12:30:15", date, "day") == -1
    assert call("Date.getRelative", date, "week", "month") == 0
    assert call("Date.getRelative", date, "hour", "day") == 12
    changed = call("Date.update", date, 2020, None, 29, 0, None, 1.5)
    assert changed.moment == datetime(2020, 7, 29, 0, 30, 1, 500000, UTC)
    there = call("Date.update", date, hour=0, timeZone="Asia/Tokyo")
    assert there.moment == datetime(2019, 7, 3, 15, 30, 15, tzinfo=UTC)


def test_ranges_of_dates():
    year = call("DateRange", "2019-01-01", "2020-01-01")
    july = call("DateRange", "2019-07-01", "2019-08-01")
    later = call("DateRange", "2021-01-01", "2021-02-01")
    assert call("DateRange.start", july).moment == datetime(2019, 7, 1, tzinfo=UTC)
    assert call("DateRange.intersects", year, july) is True
    assert call("DateRange.intersects", july, later) is False
    assert call("DateRange.contains", year, july) is True
    assert call("DateRange.contains", july, year) is False
    assert call("DateRange.contains", july, "2019-08-01") is False
    assert call("DateRange.intersection", year, july) == july
    assert call("DateRange.isEmpty", call("DateRange.intersection", july, later))
    union = call("DateRange.union", july, later)
    assert union == call("DateRange", "2019-07-01", "2021-02-01")
    everything = call("DateRange.unbounded")
    assert call("DateRange.isUnbounded", everything) is True
    assert call("DateRange.isUnbounded", year) is False
    assert call("DateRange.isEmpty", year) is False
    assert call("DateRange.union", year, everything) == everything
    assert call("DateRange.contains", everything, "1066-10-14") is True
