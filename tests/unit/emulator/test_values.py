"""Dates, lists, dictionaries, strings, numbers and geometries by their documents."""

from datetime import UTC, datetime, timedelta

import ee
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.evaluator import date_patterns, dates
from emulator.evaluator.dates import Date

moments = st.datetimes(
    datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@given(moments)
def test_dates_are_those_of_the_calendar(moment):
    date = dates.of_datetime(moment)
    assert date.millis == round(moment.timestamp() * 1000)
    assert dates.parse(moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]) == date
    text = date_patterns.formatted(date, "yyyy-MM-dd'T'HH:mm:ss.SSS DDD MMM")
    assert text == moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + moment.strftime(
        " %j %b"
    )
    month = dates.enclosing(date, "month")
    assert month.contains(date.millis)
    assert Date(month.start).moment.day == Date(month.end).moment.day == 1


@given(moments, st.integers(-500, 500))
def test_months_advance_by_the_calendar_and_days_by_hours(moment, delta):
    date = dates.of_datetime(moment)
    moved = dates.advance(date, delta, "month").moment
    assert (moved.year - moment.year) * 12 + moved.month - moment.month == delta
    assert moved.day <= moment.day
    assert dates.advance(date, delta, "days").moment == moment + timedelta(days=delta)


def square():
    return ee.Geometry.BBox(0, 0, 2, 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lambda: ee.Date("2019-5-01").format("YYYY-MM-dd"), "2019-05-01"),
        (lambda: ee.Date("2020-060").format(), "2020-02-29T00:00:00"),
        (lambda: ee.Date(0).advance(1, "month").millis(), 31 * 86400000),
        (lambda: ee.Date("2020-01-31").advance(1, "month").get("day"), 29),
        (lambda: ee.Date("2020-03-01").difference("2020-02-01", "day"), 29),
        (lambda: ee.Date("2019-07-04").get("month"), 7),
        (lambda: ee.Date("2019-07-04").getRelative("day", "year"), 184),
        (lambda: ee.Date.fromYMD(2018, 2, 3).format("D"), "34"),
        (lambda: ee.Date("2013-3-15").getRange("year").end().get("year"), 2014),
        (lambda: ee.DateRange("2019-01-01", "2020-01-01").contains("2019-12-31"), True),
        (lambda: ee.List([1, 2, 3]).get(-1), 3),
        (lambda: ee.List.sequence(1, 10, 3), [1, 4, 7, 10]),
        (lambda: ee.List.sequence(0, 1, None, 5), [0, 0.25, 0.5, 0.75, 1]),
        (lambda: ee.List([3, 1, 2]).sort(), [1, 2, 3]),
        (lambda: ee.List(["b", "a"]).sort([2, 1]), ["a", "b"]),
        (lambda: ee.List([1, [2, [3]]]).flatten(), [1, 2, 3]),
        (lambda: ee.List([1, 2]).zip([3, 4, 5]), [[1, 3], [2, 4]]),
        (lambda: ee.List([1, 2, 3, 4]).slice(1, -1), [2, 3]),
        (lambda: ee.List([1, 2, 3]).filter(ee.Filter.gt("item", 1)), [2, 3]),
        (lambda: ee.List([1, 2, None]).map(lambda x: x, True), [1, 2]),
        (lambda: ee.List([1, 2, 3]).iterate(lambda x, s: ee.Number(x).add(s), 0), 6),
        (lambda: ee.List([1, 2, 6]).reduce(ee.Reducer.mean()), 3),
        (lambda: ee.List([[1, 2], [3, 4]]).unzip(), [[1, 3], [2, 4]]),
        (lambda: ee.List([1, 2, 1]).distinct(), [1, 2]),
        (lambda: ee.List([1, 2]).cat([3]).add(4).contains(3), True),
        (lambda: ee.Dictionary({"b": 1, "a": 2}).keys(), ["a", "b"]),
        (lambda: ee.Dictionary({"b": 1, "a": 2}).values(), [2, 1]),
        (lambda: ee.Dictionary({"a": 2}).get("x", 9), 9),
        (lambda: ee.Dictionary(["a", 1, "b", 2]), {"a": 1, "b": 2}),
        (lambda: ee.Dictionary({"a": 1}).combine({"a": 2}), {"a": 2}),
        (lambda: ee.Dictionary({"a": 1}).combine({"a": 2}, False), {"a": 1}),
        (lambda: ee.Dictionary.fromLists(["a"], [1]).contains("a"), True),
        (lambda: ee.Dictionary({"a": 1}).map(lambda k, v: ee.String(k)), {"a": "a"}),
        (lambda: ee.String("T32UNB").slice(1, 3), "32"),
        (lambda: ee.String("a-b-c").split("-"), ["a", "b", "c"]),
        (lambda: ee.String("aXbX").replace("X", "-", "g"), "a-b-"),
        (lambda: ee.String("ab12").match("([a-z]+)([0-9]+)"), ["ab12", "ab", "12"]),
        (lambda: ee.Number(7).divide(2), 3.5),
        (lambda: ee.Number(-2.5).round(), -3),
        (lambda: ee.Number(5).format("%03d"), "005"),
        (lambda: ee.Number.parse("12"), 12),
        (lambda: ee.Algorithms.If(ee.List([]), 1, 2), 2),
        (lambda: ee.Geometry.Point([1, 2]).coordinates(), [1, 2]),
        (lambda: ee.Geometry.BBox(0, 0, 2, 2).centroid(1).coordinates(), [1, 1]),
        (lambda: square().contains(ee.Geometry.Point([1, 1])), True),
        (lambda: square().intersects(ee.Geometry.Point([3, 3])), False),
        (lambda: ee.Feature(None, {"a": 1}).set("b", 2).toDictionary().size(), 2),
        (lambda: ee.Projection("EPSG:32632").atScale(30).nominalScale(), 30),
        (lambda: ee.Projection("EPSG:32632").crs(), "EPSG:32632"),
    ],
)  # fmt: skip
def test_values(world, value, expected):
    got = value().getInfo()
    if isinstance(expected, list) and expected and isinstance(expected[0], int | float):
        assert got == pytest.approx(expected, abs=1e-3)
    else:
        assert got == expected


def test_buffers_and_areas_are_in_metres(world):
    point = ee.Geometry.Point([25.0, 65.0])
    ring = point.buffer(1000).coordinates().getInfo()[0]
    geod = pyproj.Geod(ellps="WGS84")
    for lon, lat in ring:
        assert geod.inv(25.0, 65.0, lon, lat)[2] == pytest.approx(1000, rel=1e-3)
    area = point.buffer(1000).area(1).getInfo()
    assert area == pytest.approx(3.1416e6, rel=0.01)


def test_reducers_combine_and_repeat(world):
    rows = ee.FeatureCollection(
        [ee.Feature(None, {"a": i, "b": 10 * i}) for i in range(1, 4)]
    )
    both = ee.Reducer.mean().repeat(2)
    assert rows.reduceColumns(both, ["a", "b"]).getInfo() == {"mean": [2, 20]}
    mixed = ee.Reducer.sum().combine(ee.Reducer.max(), "b_")
    assert rows.reduceColumns(mixed, ["a", "b"]).getInfo() == {"sum": 6, "b_max": 30}
    listed = rows.reduceColumns(ee.Reducer.toList(), ["a"]).get("list")
    assert listed.getInfo() == [1, 2, 3]
    spread = rows.reduceColumns(ee.Reducer.percentile([0, 50, 100]), ["b"])
    assert spread.getInfo() == {"p0": 10, "p50": 20, "p100": 30}
    with pytest.raises(ee.EEException, match="needs 2 inputs"):
        rows.reduceColumns(mixed, ["a"]).getInfo()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (lambda: ee.Date("soon").millis(), "Invalid date 'soon'"),
        (lambda: ee.List([1]).get(3), "between 0 and 0, but found 3"),
        (lambda: ee.Dictionary({"a": 1}).get("b"), r"key: 'b'.*\[a\]"),
        (lambda: ee.Projection("EPSG:999999").crs(), "EPSG:999999"),
        (lambda: ee.Date(0).advance(1, "eon"), "'eon'"),
        (lambda: ee.Image(1).date(), "system:time_start"),
        (lambda: ee.Filter.eq("a", 1), "cannot be returned"),
    ],
)
def test_complaints_name_the_cause(world, value, said):
    with pytest.raises(ee.EEException, match=said):
        value().getInfo()
