"""Rules filed by where they look: whoever asks a few finds whom all would have found."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Circle, Fence, Where
from alerts.rules.match import in_scope
from alerts.rules.scopes import Scopes
from tests.alerts.saying import a_rule, at, happened
from tests.builders import t4

LAT, LON = st.floats(-90, 90), st.floats(-180, 180)
CIRCLES = st.builds(Circle, lat=LAT, lon=LON, km=st.floats(0.1, 3_000))


@st.composite
def fences(draw: st.DrawFn) -> Fence:
    """Boxes, some across the antimeridian, and a cap around the north pole."""
    south, west = draw(st.floats(-85, 60)), draw(LON)
    north, wide = draw(st.floats(south + 1, 85)), draw(st.floats(1, 170))
    east = (west + wide + 180) % 360 - 180
    cap = tuple((float(lon), 70.0) for lon in range(-180, 180, 60))
    ring = draw(st.sampled_from((((west, south), (east, south), (east, north), (west, north)), cap)))
    return Fence(name="drawn", polygons=((ring,),), reach_km=1_000)


@given(st.lists(CIRCLES, max_size=3), st.lists(fences(), max_size=2), st.sampled_from(((), ("exact",), ("country",))), LAT, LON)
def test_every_rule_whose_scope_an_event_is_in_is_found(
    circles: list[Circle], drawn: list[Fence], precision: tuple[str, ...], lat: float, lon: float
) -> None:
    where = Where(near=tuple(circles), fence=tuple(drawn), precision=precision)
    event = happened("a", at(0), place=t4(lat=lat, lon=lon, radius_km=0.0))
    rule = a_rule(where=where)
    assert list(Scopes((rule,)).concerned(event)) == ([rule] if in_scope(event, where) else [])


def test_an_edge_of_a_circle_is_found_from_every_side() -> None:
    circle = Circle(lat=34.5225, lon=179.99, km=100)
    rule = a_rule(where=Where(near=(circle,)))
    for lat, lon in ((34.5225, -179.2), (34.5225, 179.2), (35.4, 179.99), (33.63, 179.99)):
        event = happened("a", at(0), place=t4(lat=lat, lon=lon))
        assert list(Scopes((rule,)).concerned(event)) == [rule], (lat, lon)


def test_a_rule_that_looks_elsewhere_is_not_asked() -> None:
    far = a_rule(where=Where(near=(Circle(lat=-34.5, lon=-37.6, km=50),)))
    scopes = Scopes((far,))
    assert not scopes._anywhere
    assert list(scopes.concerned(happened("a", at(0)))) == []
