"""The grammar of facility names: ``T4 Military Airport`` goes in, ``T4`` and the kind of site come out."""

import msgspec

from streams.detection.names import normalise

_NOUNS: dict[str, str] = {
    "air_base": "air base|airbase|air bases|airbases|air force base|afb|air station|military airport|military airports"
    "|military airbase|military airfield|military air base|military aerodrome|air field base|airforce base|raf base"
    "|naval air station|helicopter base|army airfield",
    "airport": "airport|airports|international airport|civilian airport|civil airport|regional airport|airfield|airfields|aerodrome|"
    "airstrip"
    "|air strip|air field|domestic airport",
    "naval_base": "naval base|navy base|naval facility|naval station|naval port|submarine base|naval shipyard",
    "port": "port|seaport|sea port|harbour|harbor|oil terminal|commercial port|oil port|ferry terminal",
    "base": "base|bases|military base|army base|garrison|military garrison|outpost|military outpost|military compound|missile base"
    "|training ground|training camp|military camp|training base|army camp|artillery base|regiment base|brigade base",
    "barracks": "barracks|army barracks|military barracks",
    "checkpoint": "checkpoint|checkpoints|check point|army checkpoint|military checkpoint|security checkpoint|roadblock",
    "camp": "camp|refugee camp|displaced camp|idp camp|displacement camp",
    "border_crossing": "border crossing|crossing|border post|border gate|crossing point|border point",
    "depot": "depot|arms depot|ammunition depot|weapons depot|oil depot|fuel depot|arsenal|ammunition dump",
    "plant": "power plant|power station|nuclear plant|nuclear power plant|nuclear facility|nuclear site|refinery|oil refinery|gas plant"
    "|plant|oil field|oilfield|gas field|gasfield|thermal power plant|hydroelectric plant|enrichment plant|reactor"
    "|gas facility|oil facility",
    "dam": "dam|hydroelectric dam",
    "bridge": "bridge",
    "prison": "prison|military prison|jail",
}
NOUNS: dict[tuple[str, ...], str] = {tuple(noun.split()): kind for kind, nouns in _NOUNS.items() for noun in nouns.split("|")}
LONGEST = max(map(len, NOUNS))
FIRST_WORDS = frozenset(noun[0] for noun in NOUNS)

SISTERS: dict[str, frozenset[str]] = {
    "airport": frozenset({"airport", "air_base"}),
    "air_base": frozenset({"air_base", "airport"}),
    "base": frozenset({"base", "air_base", "naval_base", "barracks", "camp", "depot", "airport"}),
    "naval_base": frozenset({"naval_base", "port", "base"}),
    "port": frozenset({"port", "naval_base"}),
    "barracks": frozenset({"barracks", "base", "camp"}),
    "camp": frozenset({"camp", "base", "barracks"}),
    "depot": frozenset({"depot", "base"}),
}
"""Which kinds of record each noun may mean: "the base" can be an air base."""


class Facility(msgspec.Struct, frozen=True):
    """What a name says of the site it names."""

    head: str
    """Normalised name without the facility noun; "" if there is nothing else."""
    kind: str
    """One of ``records.FACILITIES``."""


def noun_at(words: list[str], start: int) -> tuple[str, int] | None:
    """Find the longest facility noun that begins at *start* of normalised words: its kind and length, or None."""
    for size in range(min(LONGEST, len(words) - start), 0, -1):
        if kind := NOUNS.get(tuple(words[start : start + size])):
            return kind, size
    return None


def parse(name: str) -> Facility | None:
    """Split a name into head and facility noun; None if it has no facility noun at its end or at its beginning.

    ``Camp Lemonnier`` and ``Port of Odesa`` are read too.
    """
    words = normalise(name).split()
    for size in range(min(LONGEST, len(words)), 0, -1):
        if kind := NOUNS.get(tuple(words[-size:])):
            return Facility(" ".join(w for w in words[:-size] if w != "the"), kind)
    for size in range(min(LONGEST, len(words) - 1), 0, -1):
        if (kind := NOUNS.get(tuple(words[:size]))) and words[size] == "of":
            return Facility(" ".join(words[size + 1 :]), kind)
    return None
