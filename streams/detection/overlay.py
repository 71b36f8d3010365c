"""Reads hand-written places: a TSV goes in, checked rows come out, and a bad row is named with its file and line."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from streams.detection import facilities
from streams.detection.artefact import CANONICAL, DEMONYM, SITE_HEAD, WEAK
from streams.detection.names import normalise
from streams.errors import ExplainedError

KINDS = (
    "country", "region", "admin1", "admin2", "city", "town", "village", "district", "sea", "island", "mountain", "air_base", "airport",
    "naval_base", "port", "base", "checkpoint", "barracks", "camp", "border_crossing", "depot", "plant", "dam", "bridge", "prison",
)  # fmt: skip
"""Every kind a place can be; its number in the artefact is its position here."""
COLUMNS = ("name", "aliases", "kind", "lat", "lon", "radius_km", "country", "admin1", "provenance", "replaces")


class OverlayError(ExplainedError, ValueError):
    """A row of an overlay that cannot be used; the message names file, line and remedy."""


class OverlayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One place written by hand."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    lat: float
    lon: float
    radius_km: float
    country: str
    """ISO 3166 alpha-2; "" for a sea."""
    admin1: str
    """Name of the first-level division; "" if unknown or none."""
    provenance: str
    replaces: tuple[str, ...]
    """Ids of other sources that are this very place and give way to it."""

    @property
    def id(self) -> str:
        """``tx:`` and the name in lower case, without the noun of an air base, words joined by hyphens."""
        parsed = facilities.parse(self.name) if self.kind == "air_base" else None
        return "tx:" + (parsed.head if parsed and parsed.head else normalise(self.name)).replace(" ", "-")


def read_overlay(path: Path, countries: Collection[str] | None = None) -> list[OverlayRow]:
    """Read an overlay.

    Args:
        countries: The codes that there are; None where that is not known yet.

    Raises:
        OverlayError: A row is wrong; says where and how to mend it.
    """
    return [_row(cells, f"{path}:{line}", countries) for line, cells in _lines(path)]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OverlayError(f"{path}: cannot be read ({error}); name a TSV of places in UTF-8, or leave TOCSIN_SITES out") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("\t")]
            if cells[0] != "name":
                yield number, cells


def _row(cells: list[str], where: str, countries: Collection[str] | None) -> OverlayRow:
    if len(cells) not in (len(COLUMNS) - 1, len(COLUMNS)):
        raise OverlayError(
            f"{where}: {len(cells)} columns, but a place has {', '.join(COLUMNS)} (the last may be left out), parted by tabs"
        )
    row = dict(zip(COLUMNS, [*cells, ""], strict=False))
    if row["kind"] not in KINDS:
        raise OverlayError(f"{where}: kind {row['kind']!r} is none of {', '.join(KINDS)}")
    if len(row["country"]) != 2 and row["kind"] not in ("sea", "region"):
        raise OverlayError(f"{where}: country {row['country']!r} is not an ISO 3166 alpha-2 code such as SY")
    if countries is not None and row["country"] and row["country"] not in countries:
        raise OverlayError(f"{where}: country {row['country']!r} is the code of none; write its ISO 3166 alpha-2 code, such as SY")
    if not row["name"] or not row["provenance"]:
        raise OverlayError(f"{where}: name and provenance must be filled in; say where the position comes from")
    return OverlayRow(
        name=row["name"],
        aliases=_listed(row["aliases"]),
        kind=row["kind"],
        lat=_number(row["lat"], -90, 90, f"{where}: lat"),
        lon=_number(row["lon"], -180, 180, f"{where}: lon"),
        radius_km=_number(row["radius_km"], 0.05, 5000, f"{where}: radius_km"),
        country=row["country"],
        admin1=row["admin1"],
        provenance=row["provenance"],
        replaces=_listed(row["replaces"]),
    )


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _number(cell: str, low: float, high: float, what: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise OverlayError(f"{what} is {cell!r}, which is not a number; write degrees or kilometres like 34.5225") from None
    if not low <= value <= high:
        raise OverlayError(f"{what} is {cell}, but must lie between {low} and {high}")
    return value


def overlay_weight(row: OverlayRow) -> int:
    """A stand-in for population: how well known a hand-written place is among its namesakes."""
    return {"region": 500_000, "sea": 500_000, "village": 2_000, "town": 10_000, "city": 100_000, "district": 20_000}.get(row.kind, 5_000)


def overlay_names(row: OverlayRow) -> Iterator[tuple[str, int]]:
    """Every key of an overlay row and how it may be used."""
    for name in (row.name, *row.aliases):
        weak = name.startswith("~")
        yield normalise(name.lstrip("~^")), (SITE_HEAD | WEAK) if weak else DEMONYM if name.startswith("^") else CANONICAL
        parsed = facilities.parse(name)
        if parsed and parsed.head and not weak:
            yield parsed.head, SITE_HEAD
