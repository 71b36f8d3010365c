"""Which of many rules an event may concern, without asking each: rules are filed under the narrowest of their place clauses."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from math import asin, cos, degrees, floor, radians, sin

from alerts.geodesy import EARTH_KM, turn
from alerts.records import Circle, Fence, Rule, Where
from alerts.rules.match import in_scope, names_of
from streams.records import Event

CELL = 4
"""Degrees of longitude and of latitude of the cells under which circles and fences are filed."""
MARGIN = 0.001
"""Degrees by which what is filed reaches farther than what holds: rounding must lose nothing."""
MOST_CELLS = 400
"""A rule that looks at more is asked about every event."""
Cell = tuple[int, int]
Key = tuple[str, str | Cell]


class Scopes:
    """The rules in force, by where they look.

    Args:
        rules: In the order in which they are to hear of an event.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._filed: dict[Key, list[int]] = defaultdict(list)
        self._anywhere: list[int] = []
        for number, rule in enumerate(rules):
            keys = _keys(rule.where)
            for key in keys:
                self._filed[key].append(number)
            if not keys:
                self._anywhere.append(number)

    def concerned(self, event: Event) -> Iterable[Rule]:
        """The rules whose place clauses hold for *event*, in order."""
        place = event.place
        keys: list[Key] = [("place", place.id), ("country", place.country), ("kind", place.kind), ("precision", place.precision)]
        keys += [("name", name) for name in names_of(place)]
        keys.append(("cell", _cell(place.lat, place.lon)))
        found = {number for key in keys for number in self._filed.get(key, ())}
        return [rule for number in sorted({*found, *self._anywhere}) if in_scope(event, (rule := self._rules[number]).where)]


def _keys(where: Where) -> list[Key]:
    """Under what a rule is filed: of an event in its scope one at least holds. Empty for a rule that looks anywhere."""
    cells = {cell for circle in where.near for cell in _around(circle)} or {cell for fence in where.fence for cell in _within(fence)}
    clauses: tuple[tuple[str, Iterable[str | Cell]], ...] = (
        ("place", where.place), ("name", where.watch_list), ("cell", cells if len(cells) <= MOST_CELLS else ()),
        ("country", where.country), ("kind", where.place_kind), ("precision", where.precision),
    )  # fmt: skip
    return next(([(clause, value) for value in sorted(values)] for clause, values in clauses if values), [])


def _around(circle: Circle) -> Iterator[Cell]:
    """The cells that a circle touches."""
    wide = circle.km / EARTH_KM
    low, high = circle.lat - degrees(wide), circle.lat + degrees(wide)
    if low <= -90 or high >= 90:  # a pole lies in it, and every meridian with that
        return _cells(low, high, -180, 180)
    side = degrees(asin(min(1.0, sin(wide) / cos(radians(circle.lat)))))
    return _cells(low, high, circle.lon - side, circle.lon + side)


def _within(fence: Fence) -> Iterator[Cell]:
    """The cells that a fence touches, by the corners of its outer rings."""
    for ring, *_ in fence.polygons:
        turns = [turn(start[0], end[0]) for start, end in pairwise((*ring, ring[0]))]
        lons, lats = list(accumulate(turns, initial=ring[0][0])), [lat for _, lat in ring]
        round_a_pole = abs(sum(turns)) > 180
        yield from _cells(-90, 90, -180, 180) if round_a_pole else _cells(min(lats), max(lats), min(lons), max(lons))


def _cells(south: float, north: float, west: float, east: float) -> Iterator[Cell]:
    """The cells of a box; *east* may lie beyond 180, *west* before -180."""
    columns = range(floor((west - MARGIN) / CELL), floor((east + MARGIN) / CELL) + 1)
    for row in range(floor((max(south, -90) - MARGIN) / CELL), floor((min(north, 90) + MARGIN) / CELL) + 1):
        for column in columns:
            yield row, column % (360 // CELL)


def _cell(lat: float, lon: float) -> Cell:
    return floor(lat / CELL), floor(lon / CELL) % (360 // CELL)
