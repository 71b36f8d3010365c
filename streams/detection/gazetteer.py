"""The gazetteer: a name goes in, every place that bears it comes out."""

import json
import mmap
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import marisa_trie
import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detection import facilities, toponyms
from streams.detection.artefact import CANONICAL, DEMONYM, FORMAT, PLACE, PLACE_BITS, SHORT, site_only
from streams.detection.geodesy import distance_km
from streams.detection.names import ARTICLED, normalise, skeleton, without_articles
from streams.detection.overlay import KINDS, OverlayRow, overlay_names, overlay_weight, read_overlay
from streams.errors import ExplainedError

FOLDER = Path(__file__).parent / "data" / "gazetteer"
"""Where `make gazetteer` puts what it builds."""
FIELD_WITHIN_KM = 20.0
"""How far from its town an airfield lies that is called after it."""
ALIKE = 0.7
"""Least share of letters in common (difflib ratio) for two romanisations of one name: Hodeidah and Hudaydah have 0.75."""
FAMOUS_TOWN, FAMOUS_WITHIN_KM = 50_000, 100.0
"""People from which a town goes before lesser ones that are nearer, and how far off (km) it may be for that."""
SEARCHED_DEGREES, FARTHEST_TOWN_KM = 4.0, 400.0
"""A town beyond is no help to anybody: about 440 km to north and south, and what is then said at most."""
KNOWN_TOWN = 15_000
"""People (population) from which a town is known well enough to give directions from."""

Indices = NDArray[np.int64]
_EXPANDED = {"mt": "mount", "ft": "fort", "st": "saint", "pt": "point"}
COUNTRY = KINDS.index("country")
_SETTLED = [KINDS.index(k) for k in ("city", "town", "village")]
_FIELDS = facilities.SISTERS["airport"]
"""Sites that news calls after the town they lie by; "the Nasir garrison" is no airfield."""
_HOLDERS = [KINDS.index(k) for k in ("country", "admin1", "admin2")]


class GazetteerError(ExplainedError, RuntimeError):
    """The built gazetteer is missing or of another make; the message says which folder and what to run."""


class Candidate(msgspec.Struct, frozen=True):
    """One place that a name may mean."""

    index: int
    """Row in ``Gazetteer.places``."""
    id: str
    """``gn:`` GeoNames, ``oa:`` OurAirports, ``tx:`` ours, ``my:`` the operator's own."""
    name: str
    kind: str
    lat: float
    lon: float
    population: int
    """0 if unknown; for sites a stand-in for how well known they are."""
    country: str
    country_name: str | None
    admin1_code: str | None
    admin1: str | None
    radius_km: float
    aliases: tuple[str, ...]


class Reading(msgspec.Struct, frozen=True):
    """What a name can mean by itself, before its document is asked."""

    key: str
    """Normalised name that was found, without facility noun or type word; one sense per document goes by it."""
    places: Indices
    """Rows of ``Gazetteer.places``; empty if the gazetteer has no such name."""
    flags: Indices
    """How each bears the name (``artefact``)."""
    noun: str | None = None
    """Kind of site that the name states: ``T4 Military Airport`` is an ``air_base``."""
    sited: bool = False
    """The places are such sites themselves, not the towns they are called after."""
    wants: str | None = None
    """Level that the name states: ``country``, ``admin1``, ``admin2`` or ``settlement``."""
    within: str | None = None
    """Normalised name of what contains it: ``texas`` for ``Paris, Texas``."""

    called_after: bool = False
    """The places are not the thing itself, only what it is called after: a university's city."""
    national: bool = False
    """One of the places is a country."""
    well_known: bool = False
    """A country or a large town bears the name as its own."""
    demonym: bool = False
    """The name is a people's or an adjective, never the place's own."""
    peopled: bool = False
    """It is that of one of its places at least."""
    only_sites: bool = False
    """The name is good only beside a facility noun; so is one of no place."""
    short: Literal["always", "also"] | None = None
    """The name is an abbreviation of all its places or of some; None if of none."""


class _Index:
    """A name trie and its postings."""

    def __init__(self, folder: Path, name: str) -> None:
        self.trie = marisa_trie.Trie()
        self.trie.load(str(folder / f"{name}.marisa"))
        self.starts = np.load(folder / f"{name}-starts.npy")
        self.postings = np.load(folder / f"{name}-postings.npy")

    def get(self, key: str) -> NDArray[np.uint32] | None:
        number = self.trie.get(key)
        return None if number is None else self.postings[self.starts[number] : self.starts[number + 1]]


class Gazetteer:
    """Every place known, by name. Read only; safe to share between threads and to load once per process."""

    def __init__(self, folder: Path, extra: Sequence[OverlayRow] = ()) -> None:
        manifest = _manifest(folder)
        self.version: str = manifest["version"]
        self.countries: list[str] = list(manifest["countries"])
        self.places: NDArray[Any] = np.load(folder / "places.npy", mmap_mode="r").view(np.ndarray)
        with (folder / "texts.bin").open("rb") as file:
            self._texts = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._articled = [i for i, code in enumerate(self.countries) if code in ARTICLED]
        self._names, self._skeletons = _Index(folder, "names"), _Index(folder, "skeletons")
        self._own: dict[str, list[int]] = {}
        self._own_texts: list[tuple[str, str, str]] = []
        self._built = len(self.places)
        self._add(extra)
        self.kind_numbers = np.ascontiguousarray(self.places["kind"])
        self.nations = np.ascontiguousarray(self.places["country"])
        """Of each place, a number in `countries`."""
        self._nations = {self.countries[r["country"]]: i for i, r in enumerate(self.places[:400]) if KINDS[r["kind"]] == "country"}
        self._fields = np.flatnonzero(np.isin(self.kind_numbers, [KINDS.index(k) for k in facilities.SISTERS["base"]]))
        settled = np.isin(self.kind_numbers, [KINDS.index("city"), KINDS.index("town")])
        towns = np.flatnonzero(settled & (self.places["population"] >= KNOWN_TOWN))
        self._towns = towns[np.argsort(self.places["lat"][towns], kind="stable")]
        self.capitals = np.zeros(len(self.places), dtype=bool)
        self.capitals[manifest["capitals"]] = True
        self._town_lats, self._town_lons = self.places["lat"][self._towns], self.places["lon"][self._towns]
        self.nearest_town = lru_cache(maxsize=8192)(self._nearest_town)
        self.read = lru_cache(maxsize=1 << 15)(self._judged)
        self.is_nation = lru_cache(maxsize=1 << 15)(self._is_nation)
        self.read_spelling = lru_cache(maxsize=8192)(self._read_spelling)
        self.candidate = lru_cache(maxsize=8192)(self._candidate)

    @classmethod
    def load(cls, folder: Path = FOLDER, *, extra: Path | None = None) -> "Gazetteer":
        """Load what ``make gazetteer`` built.

        Args:
            folder: The artefact.
            extra: A TSV of the operator's own places, with the columns of ``data/overlay.tsv``; None for none.

        Raises:
            GazetteerError: The artefact is missing or has another format.
            OverlayError: A row of *extra* is wrong.
        """
        return cls(folder, read_overlay(extra, _manifest(folder)["countries"]) if extra else ())

    def _add(self, rows: Sequence[OverlayRow]) -> None:
        if not rows:
            return
        added = np.zeros(len(rows), dtype=PLACE)
        for i, row in enumerate(rows):
            if row.country not in self.countries:
                self.countries.append(row.country)
            country = self.countries.index(row.country)
            number = self._built + i
            for key, flags in overlay_names(row):
                self._own.setdefault(key, []).append(number | flags << PLACE_BITS)
            division = self._division(row)
            added[i] = (row.lat, row.lon, overlay_weight(row), row.radius_km, KINDS.index(row.kind), country, division, -1, 0, 0)
            self._own_texts.append((row.id.replace("tx:", "my:"), row.name, "|".join(a.lstrip("~^") for a in row.aliases)))
        self.places = np.concatenate([self.places, added])

    def _division(self, row: OverlayRow) -> int:
        postings = self._names.get(normalise(row.admin1)) if row.admin1 else None
        for posting in [] if postings is None else postings.tolist():
            place = self.places[posting & (1 << PLACE_BITS) - 1]
            if KINDS[place["kind"]] == "admin1" and self.countries[place["country"]] == row.country:
                return int(posting & (1 << PLACE_BITS) - 1)
        return -1

    def candidates(self, name: str) -> list[Candidate]:
        """List every place that *name* may mean, best known first; empty if none is known."""
        found = self.read(name).places
        order = np.argsort(-self.places["population"][found].astype(np.int64), kind="stable")
        return [self.candidate(int(i)) for i in found[order]]

    def search(self, text: str, *, start: int = 0, end: int | None = None) -> "toponyms.Search":
        """Look for the place names in ``text[start:end]``."""
        return toponyms.Search(self, text, start, len(text) if end is None else end)

    def prefixes(self, key: str) -> list[str]:
        """List the names that *key* begins with, shortest first; the caller sees to word boundaries."""
        found: list[str] = self._names.trie.prefixes(key)
        if self._own:
            words = key.split(" ")
            own = (" ".join(words[:n]) for n in range(1, len(words) + 1))
            found = sorted({*found, *(k for k in own if k in self._own)}, key=len)
        return found

    def lookup(self, key: str) -> tuple[Indices, Indices]:
        """Give the places of a normalised name and how each bears it; empty arrays if unknown."""
        return self._unpack(self._names.get(key), self._own.get(key))

    def _unpack(self, built: NDArray[np.uint32] | None, own: list[int] | None = None) -> tuple[Indices, Indices]:
        found = np.zeros(0, dtype=np.int64) if built is None else built.astype(np.int64)
        if own:
            found = np.concatenate([found, np.array(own, dtype=np.int64)])
        return found & ((1 << PLACE_BITS) - 1), found >> PLACE_BITS

    def _is_nation(self, key: str) -> bool:
        """Whether a normalised name may mean a country."""
        return bool((self.kind_numbers[self.lookup(key)[0]] == COUNTRY).any())

    def _judged(self, name: str) -> Reading:
        """What *name* can mean, and how well known the best known of it is."""
        reading = self._read(name)
        places, flags = reading.places, reading.flags
        national = bool((self.kind_numbers[places] == COUNTRY).any())
        short = (flags & SHORT) > 0
        return msgspec.structs.replace(
            reading,
            national=national,
            well_known=national or bool((self.places["population"][places[(flags & CANONICAL) > 0]] >= toponyms.LARGE_TOWN).any()),
            demonym=len(flags) > 0 and bool((flags == DEMONYM).all()),
            peopled=bool((flags == DEMONYM).any()),
            only_sites=bool(site_only(flags).all()),
            short="always" if short.all() else "also" if short.any() else None,
        )

    def _read(self, name: str) -> Reading:
        """Say what *name* can mean: exactly, as a facility, with a type word, without its article, or by its consonants."""
        head, _, tail = name.partition(",")
        within = normalise(tail) or None
        key = normalise(head.removesuffix("'s").removesuffix("’s")).removeprefix("the ")
        places, flags = self.lookup(key)
        whole = ~site_only(flags)
        facility = facilities.parse(head)
        if whole.any():
            return Reading(
                key, places[whole], flags[whole], noun=facility.kind if facility else None, sited=facility is not None, within=within
            )
        if facility and facility.head:
            return self._read_site(facility, within)
        if not len(places):
            for attempt in (self._typed, self._adorned, self._expanded, self._by_skeleton, self._institution):
                reading = attempt(key)
                if reading is not None:
                    return msgspec.structs.replace(reading, within=within)
        return Reading(key, places, flags, sited=len(places) > 0, within=within)

    def _read_site(self, facility: facilities.Facility, within: str | None) -> Reading:
        """The sites of that name; else those beside the towns of that name; else the towns."""
        places, flags = self._named(facility.head)
        sisters = facilities.SISTERS.get(facility.kind, frozenset({facility.kind}))
        nations = self.kind_numbers[places] == COUNTRY
        if nations.any() and facility.kind != "airport":
            return Reading(facility.head, places[nations], flags[nations], within=within)  # a Syrian airbase, a US prison: no more is said
        fits = np.isin(self.kind_numbers[places], [KINDS.index(k) for k in sisters])
        if fits.any():
            return Reading(facility.head, places[fits], flags[fits], noun=facility.kind, sited=True, within=within)
        towns = (~site_only(flags) & ((flags & DEMONYM) == 0)) & (self.kind_numbers[places] != KINDS.index("country"))
        settled = np.isin(self.kind_numbers[places], _SETTLED)
        beside = self._beside(places[towns & settled], sisters if facility.kind in _FIELDS else sisters - _FIELDS)
        if len(beside):
            return Reading(facility.head, beside, np.full(len(beside), CANONICAL), noun=facility.kind, sited=True, within=within)
        return Reading(facility.head, places[towns], flags[towns], noun=facility.kind, within=within)

    def _named(self, key: str) -> tuple[Indices, Indices]:
        for attempt, look in ((key, self.lookup), (without_articles(key), self._articleless)):
            places, flags = look(attempt)
            if len(places):
                return places, flags
        return self._spelt_like(key)

    def _beside(self, towns: Indices, sisters: frozenset[str]) -> Indices:
        fields = self._fields[np.isin(self.kind_numbers[self._fields], [KINDS.index(k) for k in sisters])]
        found: list[int] = []
        for town in towns[np.argsort(-self.places["population"][towns].astype(np.int64))][:8]:
            place = self.places[town]
            away = distance_km(place["lat"], place["lon"], self.places["lat"][fields], self.places["lon"][fields])
            if len(away) and away.min() <= FIELD_WITHIN_KM:
                found.append(int(fields[int(away.argmin())]))
        return np.array(sorted(set(found)), dtype=np.int64)

    def _typed(self, key: str) -> Reading | None:
        """``Homs Province``, ``city of Homs``: the name without its type word, and the level that states."""
        bare, wants = toponyms.without_type(key)
        if wants is None:
            return None
        places, flags = self._named(bare)
        keep = ~site_only(flags) & ((flags & DEMONYM) == 0)
        return Reading(bare, places[keep], flags[keep], wants=wants) if keep.any() else None

    def _adorned(self, key: str) -> Reading | None:
        """``northern Syria``, ``Al-Tanf``: the name without direction words or article."""
        for bare, look in ((toponyms.without_direction(key), self.lookup), (without_articles(key), self._articleless)):
            if bare != key:
                places, flags = look(bare)
                keep = ~site_only(flags)
                if keep.any():
                    return Reading(bare, places[keep], flags[keep])
        return None

    def articled(self, reading: Reading) -> Reading:
        """*reading* of a name that stands behind an Arabic article, with those places only whose names have one."""
        there = np.isin(self.nations[reading.places], self._articled)
        return msgspec.structs.replace(reading, places=reading.places[there], flags=reading.flags[there])

    def _articleless(self, key: str) -> tuple[Indices, Indices]:
        """The places of a name from which an Arabic article was dropped: only where places have one."""
        reading = self.articled(Reading(key, *self.lookup(key)))
        return reading.places, reading.flags

    def _expanded(self, key: str) -> Reading | None:
        """``mt pleasant`` is ``mount pleasant``."""
        first, _, rest = key.partition(" ")
        places, flags = self.lookup(f"{_EXPANDED.get(first, first)} {rest}")
        keep = ~site_only(flags)
        return Reading(key, places[keep], flags[keep]) if keep.any() else None

    def _institution(self, key: str) -> Reading | None:
        """``aleppo university hospital`` is in Aleppo: the place that an institution is called after, if it is one."""
        words = key.split()
        bare = toponyms.without_direction(key).split()
        institutions = toponyms.listed("institution")
        while bare and bare[-1] in institutions:
            bare.pop()
        if bare[1:2] == ["of"] and bare[0] in institutions:
            bare = bare[2:]
        places, flags = self.lookup(" ".join(bare) if len(bare) < len(words) else "")
        keep = ~site_only(flags) & ((flags & SHORT) == 0)
        return Reading(key, places[keep], flags[keep], called_after=True) if keep.any() else None

    def _by_skeleton(self, key: str) -> Reading | None:
        places = self.read_spelling(key)
        return Reading(key, places, np.zeros(len(places), dtype=np.int64)) if len(places) else None

    def _read_spelling(self, key: str) -> Indices:
        """Give the places whose names are spelt much like a normalised one, likest first: Hudaydah for Hodeidah; empty if none."""
        places, flags = self._spelt_like(key)
        return np.asarray(places[~site_only(flags)], dtype=np.int64)

    def spelt_within(self, key: str, nations: AbstractSet[int]) -> Indices:
        """The same in some countries only, by number: those elsewhere are not compared."""
        places, flags = self._spelt_like(key, nations)
        return np.asarray(places[~site_only(flags)], dtype=np.int64)

    def _spelt_like(self, key: str, nations: AbstractSet[int] | None = None) -> tuple[Indices, Indices]:
        bones = skeleton(key)
        places, flags = self._unpack(self._skeletons.get(bones) if bones else None)
        if nations is not None:
            there = np.array([country in nations for country in self.nations[places].tolist()], dtype=bool)
            places, flags = places[there], flags[there]
        likeness = np.array([self._likeness(int(p), key) for p in places])
        order = np.argsort(-likeness, kind="stable")[: int((likeness >= ALIKE).sum())]
        return places[order], flags[order]

    def _likeness(self, index: int, key: str) -> float:
        """Give the share of letters that a place's likest name has in common with *key*; equal consonants alone make Arapi of Europe.

        0 below `ALIKE`: that much is not worth counting out.
        """
        _, name, also, _ = self._text(index)
        sites = filter(None, map(facilities.parse, (name, *also)))
        matcher = SequenceMatcher(None, b=without_articles(key))
        best = 0.0
        for spelling in dict.fromkeys((*map(normalise, (name, *also)), *(site.head for site in sites))):
            matcher.set_seq1(without_articles(spelling))
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
                best = max(best, matcher.ratio())
        return best

    def read_division(self, key: str) -> Indices:
        """Give the countries and divisions that a normalised name means, trying fewer of its words from the end; empty if none."""
        words = key.split()
        while words:
            places, flags = self.lookup(" ".join(words))
            fits = np.isin(self.kind_numbers[places], _HOLDERS) & ((flags & DEMONYM) == 0)
            if fits.any():
                return np.asarray(places[fits], dtype=np.int64)
            words = words[:-1]
        return np.zeros(0, dtype=np.int64)

    def governorate_of(self, index: int) -> int | None:
        """Give the first-level division that a place is the chief town of, by bearing its name or being its largest; None if it is not."""
        row = self.places[index]
        division = int(row["admin1"])
        if KINDS[row["kind"]] == "admin1":
            return index
        if division < 0:
            return None
        around, _ = self.lookup("rural " + normalise(self._text(index)[1]))
        if len(around) == 1 and KINDS[self.kind_numbers[around[0]]] == "admin1":
            return int(around[0])  # the countryside of Damascus is a governorate of its own
        return division if division in self.lookup(normalise(self._text(index)[1]))[0] else None

    def town_among(self, rows: Indices, index: int) -> int:
        """Give the largest town among *rows* that lies in the division *index* or is called after it; *index* if it is no division."""
        if KINDS[self.kind_numbers[index]] not in {"admin1", "admin2"}:
            return index
        towns = rows[np.isin(self.kind_numbers[rows], _SETTLED) & (self.nations[rows] == self.nations[index])]
        return int(towns[np.argmax(self.places["population"][towns])]) if len(towns) else index

    def capital_of(self, index: int) -> int | None:
        """Give the capital of a country; None if *index* is none, or has none that is known."""
        found = np.flatnonzero(self.capitals & (self.nations == self.nations[index]))
        return int(found[0]) if len(found) and self.kind_numbers[index] == COUNTRY else None

    def _text(self, index: int) -> tuple[str, str, tuple[str, ...], str | None]:
        if index >= self._built:
            own_id, name, also = self._own_texts[index - self._built]
            return own_id, name, tuple(filter(None, also.split("|"))), None
        row = self.places[index]
        own_id, name, also, code = self._texts[row["text"] : row["text"] + row["text_length"]].decode().split("\t")
        return own_id, name, tuple(filter(None, also.split("|"))), code or None

    def _candidate(self, index: int) -> Candidate:
        """Give the place at row *index* with all that is known of it."""
        row = self.places[index]
        own_id, name, also, code = self._text(index)
        country = self.countries[row["country"]]
        division = self._text(int(row["admin1"])) if row["admin1"] >= 0 else None
        nation = self._nations.get(country)
        return Candidate(
            index, own_id, name, KINDS[row["kind"]], round(float(row["lat"]), 5), round(float(row["lon"]), 5),
            int(row["population"]), country,
            self._text(nation)[1] if nation is not None else None, division[3] if division else code, division[1] if division else None,
            round(float(row["radius_km"]), 2), also,
        )  # fmt: skip

    def _nearest_town(self, index: int) -> tuple[int, float] | None:
        """Find the town from which to give directions to a place: its row and distance in km; None where there is none."""
        lat, lon = float(self.places["lat"][index]), float(self.places["lon"][index])
        south, north = np.searchsorted(self._town_lats, (lat - SEARCHED_DEGREES, lat + SEARCHED_DEGREES))
        near = np.arange(south, north)[self._towns[south:north] != index]
        aside = np.abs((self._town_lons[near] - lon + 180) % 360 - 180) * np.cos(np.radians(min(abs(lat) + SEARCHED_DEGREES, 90)))
        near = near[aside <= SEARCHED_DEGREES]
        away = distance_km(lat, lon, self._town_lats[near], self._town_lons[near])
        famous = (self.places["population"][self._towns[near]] >= FAMOUS_TOWN) & (away <= FAMOUS_WITHIN_KM)
        if famous.any():
            near, away = near[famous], away[famous]
        if not len(near) or away.min() > FARTHEST_TOWN_KM:
            return None
        return int(self._towns[near[away.argmin()]]), float(away.min())


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise GazetteerError(f"{folder}: there is no gazetteer here; run `make gazetteer` to build it")
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    if manifest.get("format") != FORMAT:
        raise GazetteerError(
            f"{folder}: the gazetteer has format {manifest.get('format')}, but {FORMAT} is read here; run `make gazetteer` to build it anew"
        )
    for name, wanted in manifest["sha256"].items():
        file = folder / name
        if not file.is_file() or sha256(file.read_bytes()).hexdigest() != wanted:
            raise GazetteerError(f"{file}: missing, or not as it was built (damaged, or cut short); run `make gazetteer` to build it anew")
    return manifest
