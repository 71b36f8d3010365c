"""Whether points lie in rings drawn on the globe: over the antimeridian, round the poles, beside holes."""

import pytest

from alerts.geodesy import Ring, distance_km, inside

SQUARE: Ring = ((30, 30), (40, 30), (40, 40), (30, 40))
FIJI: Ring = ((170, -10), (-170, -10), (-170, 10), (170, 10))
ARCTIC: Ring = tuple((lon, 66.5) for lon in range(-180, 180, 30))
ANTARCTIC: Ring = tuple((lon, -60.0) for lon in range(180, -180, -30))
STAR: Ring = ((0, 0), (10, 2), (20, 0), (12, 10), (20, 20), (10, 12), (0, 20), (8, 10))


@pytest.mark.parametrize(
    ("ring", "lat", "lon", "holds"),
    [
        pytest.param(SQUARE, 35, 35, True, id="in the middle"),
        pytest.param(SQUARE[::-1], 35, 35, True, id="drawn the other way round"),
        pytest.param(SQUARE, 35, 41, False, id="beside it"),
        pytest.param(SQUARE, 41, 35, False, id="above it"),
        pytest.param(SQUARE, -35, 35, False, id="on the other half of the globe"),
        pytest.param(FIJI, 0, 180, True, id="on the antimeridian"),
        pytest.param(FIJI, 0, -180, True, id="on the antimeridian, called by its other name"),
        pytest.param(FIJI, 5, 171, True, id="west of it"),
        pytest.param(FIJI, 5, -171, True, id="east of it"),
        pytest.param(FIJI, 0, 0, False, id="all round the other way"),
        pytest.param(ARCTIC, 90, 0, True, id="the north pole"),
        pytest.param(ARCTIC, 70, -179, True, id="near it"),
        pytest.param(ARCTIC, 60, 10, False, id="outside the polar circle"),
        pytest.param(ARCTIC, -90, 0, False, id="the other pole"),
        pytest.param(ANTARCTIC, -89, 77, True, id="the south pole"),
        pytest.param(ANTARCTIC, -50, 0, False, id="north of its ring"),
        pytest.param(STAR, 10, 10, True, id="the heart of a star"),
        pytest.param(STAR, 1, 10, False, id="between two of its points"),
        pytest.param(STAR, 10, 15, False, id="between two others"),
        pytest.param(STAR, 19, 1, True, id="in one of its points"),
    ],
)
def test_inside(ring: Ring, lat: float, lon: float, holds: bool) -> None:
    assert inside([ring], lat, lon) is holds


def test_a_hole_is_outside() -> None:
    hole: Ring = ((34, 34), (36, 34), (36, 36), (34, 36))
    assert inside([SQUARE, hole], 31, 31)
    assert not inside([SQUARE, hole], 35, 35)


def test_every_point_is_in_exactly_one_of_two_halves() -> None:
    west: Ring = ((30, 30), (35, 30), (35, 40), (30, 40))
    east: Ring = ((35, 30), (40, 30), (40, 40), (35, 40))
    for lon in (30.5, 34.999, 35, 35.001, 39.5):
        assert inside([west], 35, lon) + inside([east], 35, lon) == 1, lon


def test_a_quarter_of_the_globe() -> None:
    assert distance_km(0, 0, 0, 90) == pytest.approx(10_007.5, abs=1)
    assert distance_km(0, 179.5, 0, -179.5) == pytest.approx(111.2, abs=0.1)
