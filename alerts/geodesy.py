"""Where one point lies from another, and whether it lies inside a ring drawn on the globe. Degrees in, kilometres out."""

from collections.abc import Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0
"""Mean radius (IUGG)."""
Ring = tuple[tuple[float, float], ...]
"""Corners as (longitude, latitude), as GeoJSON has them; the last joins the first."""


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Along a great circle (haversine)."""
    a, b, lon = radians(lat_a), radians(lat_b), radians(lon_b - lon_a)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(lon / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))


def inside(polygon: Sequence[Ring], lat: float, lon: float) -> bool:
    """Whether a point lies in a polygon: within its first ring, and in none of the others, which are holes.

    Edges are straight in longitude and latitude and take the shorter way round, so a ring may cross the antimeridian. A ring that goes
    round the globe encloses a pole: the north pole if it runs eastward, the south pole if westward (the inside lies to the left, RFC 7946).
    """
    return bool(polygon) and _within(polygon[0], lat, lon) and not any(_within(hole, lat, lon) for hole in polygon[1:])


def _within(ring: Ring, lat: float, lon: float) -> bool:
    """Count the edges that a line along the meridian crosses, from the point to a pole that is outside: an odd number means inside."""
    edges = [(start, end) for start, end in pairwise((*ring, ring[0])) if start != end]
    turned = sum(turn(start[0], end[0]) for start, end in edges)
    north = turned < -180  # the south pole is inside, so look the other way
    crossed = 0
    for (start_lon, start_lat), (end_lon, end_lat) in edges:
        wide = turn(start_lon, end_lon)
        along = turn(start_lon, lon)
        if wide == 0 or not (0 <= along < wide or wide <= along < 0):
            continue
        at = start_lat + (end_lat - start_lat) * along / wide
        crossed += at > lat if north else at < lat
    return crossed % 2 == 1


def turn(start: float, end: float) -> float:
    """Degrees eastward from one longitude to another, the shorter way: from -180 on, below 180."""
    return (end - start + 180) % 360 - 180
