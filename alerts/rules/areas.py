"""What a rule may name by a file beside it: fences (GeoJSON) and watch lists. Files in, or what is wrong with them and where."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from alerts.geodesy import Ring, distance_km, turn
from alerts.records import Fence
from streams.errors import ExplainedError

MOST_CORNERS = 20_000
"""Corners of one fence: more would make each record of the rules in force too large to carry."""

WIDE, SHORT = 180, 90
"""Degrees of longitude: an edge that wide is read the shorter way round, where that is short; else it is refused."""


class AreaError(ExplainedError, ValueError):
    """A fence or a watch list cannot be read; the text says where, and what to do."""


def read_fence(path: Path) -> Fence:
    """Read a GeoJSON file: a Polygon, a MultiPolygon, or Features of such, in longitude and latitude (WGS 84).

    Raises:
        AreaError: It is no such file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AreaError(f"{path}: cannot be read ({error.strerror}); name a GeoJSON file beside the rules") from error
    except (ValueError, RecursionError) as error:
        raise AreaError(f"{path}: no JSON ({error}); export the area as GeoJSON") from error
    try:
        polygons = tuple(polygon for polygon in _polygons(found, path) if polygon)
    except (TypeError, AttributeError, RecursionError) as error:
        raise AreaError(f"{path}: no GeoJSON ({error}); coordinates are lists of lists of [longitude, latitude]") from error
    if not polygons:
        raise AreaError(f"{path}: no Polygon or MultiPolygon in it; draw an area, not points or lines")
    corners = [corner for polygon in polygons for ring in polygon for corner in ring]
    if len(corners) > MOST_CORNERS:
        raise AreaError(f"{path}: {len(corners)} corners; simplify it to at most {MOST_CORNERS}")
    return Fence(name=path.stem, polygons=polygons, reach_km=round(_reach(polygons), 1))


def _polygons(found: Any, path: Path) -> Iterator[tuple[Ring, ...]]:
    kind = found.get("type") if isinstance(found, dict) else None
    match kind:
        case "FeatureCollection":
            for feature in found.get("features") or []:
                yield from _polygons(feature, path)
        case "Feature":
            yield from _polygons(found.get("geometry") or {}, path)
        case "GeometryCollection":
            for geometry in found.get("geometries") or []:
                yield from _polygons(geometry, path)
        case "Polygon":
            yield tuple(_ring(ring, path) for ring in found.get("coordinates") or [])
        case "MultiPolygon":
            for polygon in found.get("coordinates") or []:
                yield tuple(_ring(ring, path) for ring in polygon)


def _ring(ring: Any, path: Path) -> Ring:
    try:
        if any(isinstance(corner, str) for corner in ring):
            raise TypeError("a text is no pair of numbers")
        corners = tuple((float(lon), float(lat)) for lon, lat, *_ in ring)
    except (TypeError, ValueError) as error:
        raise AreaError(f"{path}: a ring is {str(ring)[:60]}..., but must be a list of [longitude, latitude]") from error
    wrong = next(((lon, lat) for lon, lat in corners if not (-360 <= lon <= 360 and -90 <= lat <= 90)), None)
    if wrong is not None:
        raise AreaError(f"{path}: {wrong} is no longitude and latitude in degrees; GeoJSON puts the longitude first, and knows no metres")
    if len(set(corners)) < 3:
        raise AreaError(f"{path}: a ring of {len(set(corners))} different corners encloses nothing; give it three at least")
    if not any(turn(a[0], b[0]) for a, b in pairwise((*corners, corners[0]))):
        raise AreaError(f"{path}: a ring along one meridian, or as well the other way round the globe; put corners between them")
    long = next(((a, b) for a, b in pairwise((*corners, corners[0])) if _is_ambiguous(a[0], b[0])), None)
    if long is not None:
        raise AreaError(f"{path}: from {long[0]} to {long[1]} it is as well the other way round the globe; put corners between them")
    return corners


def _is_ambiguous(start: float, end: float) -> bool:
    """Whether an edge goes so far that nobody knows which way; one from 170 to -170 crosses the antimeridian, and is short."""
    return abs(end - start) >= WIDE and abs(turn(start, end)) > SHORT


def _reach(polygons: tuple[tuple[Ring, ...], ...]) -> float:
    """Half of the longest way between corners: no place that is known only more widely than this lies in it for certain."""
    corners = [corner for polygon in polygons for corner in polygon[0]]
    some = corners[:: max(1, len(corners) // 100)]
    return max(distance_km(a_lat, a_lon, b_lat, b_lon) for a_lon, a_lat in some for b_lon, b_lat in some) / 2


def read_watch_list(path: Path) -> tuple[str, ...]:
    """Read a watch list: the id or the name of one place a line; what follows a # is for people.

    Raises:
        AreaError: It cannot be read, or names nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AreaError(f"{path}: cannot be read ({error}); name a text file in UTF-8 beside the rules") from error
    named = tuple(dict.fromkeys(word.casefold() for line in lines if (word := line.partition("#")[0].strip())))
    if not named:
        raise AreaError(f"{path}: names no place; put one id or name on each line")
    return named
