"""Finds place names in running text: text goes in, spans with everything each may mean come out; which one it is, `resolve` says."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from streams.detection import facilities
from streams.detection.artefact import DEMONYM, site_only
from streams.detection.names import ARTICLES, normalise

if TYPE_CHECKING:
    from streams.detection.gazetteer import Gazetteer, Reading

Modifier = Literal["near", "countryside"]
LARGE_TOWN = 20_000
"""People from which a town may be meant by a word that looks like an acronym: ADEN, HOMS."""
LONGEST_NAME = 7
"""Words; longer names of the gazetteer are formal titles that news does not print."""
LONGEST_LINK = 60
"""Characters between two names, of which the first is said to lie by the second."""
_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ‘`ʿʾ](?!s\b)[^\W_]+)*")
_WORDS = Path(__file__).parent / "data" / "words.tsv"
_STEMS = Path(__file__).parent / "data" / "stems.tsv"

TYPES: dict[str, str] = {
    **dict.fromkeys(
        [
            "province",
            "provinces",
            "state",
            "governorate",
            "governate",
            "oblast",
            "region",
            "krai",
            "republic",
            "prefecture",
            "emirate",
            "canton",
            "vilayet",
            "muhafazah",
        ],
        "admin1",
    ),
    **dict.fromkeys(["county", "district", "raion", "rayon", "municipality", "department", "parish"], "admin2"),
    **dict.fromkeys(["city", "town", "village", "township", "capital"], "settlement"),
}
"""Type words and the level that each states."""
_ABBREVIATED = {"co": "admin2", "twp": "settlement", "gov": "admin1", "prov": "admin1", "obl": "admin1", "dist": "admin2"}
"""Short forms that say so only within a name that is known to be a place's: ``Loudon Co.``"""
_PLURALS = {
    **dict.fromkeys(("provinces", "states", "governorates", "oblasts", "regions", "prefectures", "cantons", "emirates"), "admin1"),
    **dict.fromkeys(("counties", "districts", "raions", "municipalities", "departments", "parishes"), "admin2"),
    **dict.fromkeys(("cities", "towns", "villages", "townships"), "settlement"),
}
"""Type words behind a list, and the level that they give to all of it."""
DIRECTIONS = frozenset({
    "north", "south", "east", "west", "northern", "southern", "eastern", "western", "northeast", "northwest", "southeast", "southwest",
    "northeastern", "northwestern", "southeastern", "southwestern", "central", "upper", "lower", "downtown", "greater", "mainland",
    "rural", "inner", "outer", "mid",
})  # fmt: skip
_LOCATIVE = frozenset({
    "in", "near", "at", "from", "to", "into", "around", "outside", "inside", "towards", "toward", "via", "across", "over", "against",
    "between", "for", "on", "leaving", "entering", "reached",
})  # fmt: skip
_TITLES = frozenset({
    "mr", "mrs", "ms", "dr", "sir", "gen", "general", "col", "colonel", "maj", "major", "lt", "lieutenant", "capt", "captain", "sgt",
    "sergeant", "adm", "admiral", "president", "minister", "premier", "sen", "senator", "rep", "king", "queen", "prince", "princess",
    "sheikh", "sheik", "shaykh", "imam", "ayatollah", "judge", "justice", "chancellor", "secretary", "spokesman", "spokeswoman",
    "commander", "chief", "chairman", "director", "coach", "pope", "father", "rabbi", "professor", "prof", "journalist", "activist",
    "analyst", "mayor", "governor", "mullah", "maulana", "brigadier", "ambassador",
})  # fmt: skip
_NEAR = re.compile(
    r"(?:\b(?:near|around|outside|nearby|close to|not far from|adjacent to|"
    r"(?:on |at |in |from |to )?(?:the )?(?:\w+ )?(?:outskirts?|edges?|vicinity|suburbs?|environs|surroundings|periphery) of|"
    r"(?:\d+ ?)?(?:kms?|kilomet(?:er|re)s?|miles?|met(?:er|re)s|yards) (?:away |\w+(?:-\w+)? )?(?:of|from)|"
    r"(?:north|south|east|west)(?:[- ]?(?:east|west))? of|"
    r"(?:areas?|villages?|towns?) (?:around|near)) (?:the )?(?:\w+ )?(?:(?:town|city|village) of )?)$",
    re.IGNORECASE,
)
_LOOSENING = ("near", "around", "out", "close", "far", "adjacent", " of ", "rural", "rif ", "from", "countryside")
"""Without any of these before a name, neither "near" nor "countryside" can stand there."""
_LINK_TO_NAME = r"(?:the )?(?:\w+ )?(?:(?:town|city|village) of )?"
_OFFSET = re.compile(
    r"\b(?P<count>\d{1,3}(?:\.\d+)?|one|two|three|four|five|six|ten|twenty|a couple of|a few|several|dozens of) ?"
    r"(?P<unit>kms?|kilomet(?:er|re)s?|miles?|met(?:er|re)s|m|yards)(?: away)?"
    rf"(?: (?:to the )?(?P<wind>(?:north|south)?-?(?:east|west)?))? (?:of|from|outside) {_LINK_TO_NAME}$",
    re.IGNORECASE,
)
_COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twenty": 20, "a couple of": 2, "a few": 3, "several": 5,
    "dozens of": 30,
}  # fmt: skip
_KM = {"k": 1.0, "mi": 1.609, "me": 0.001, "m": 0.001, "y": 0.0009}
_WIND_LETTERS = {"north": "N", "south": "S", "east": "E", "west": "W"}
_RURAL = re.compile(
    r"\b(?:countryside|rural (?:areas?|parts?)) (?:of|around|in) (?:the )?(?:(?:province|governorate) of )?$|\brural $|\bRif $",
    re.IGNORECASE,
)
_RURAL_AFTER = re.compile(r"(?:['’]s?)? (?:\w+ )?(?:countryside|rural areas?)\b", re.IGNORECASE)
_NEAR_AFTER = re.compile(r"(?:['’]s?)? (?:outskirts|vicinity|environs|surroundings)\b", re.IGNORECASE)
_TYPE_AFTER = re.compile(rf" ({'|'.join(sorted({*TYPES} - {'capital', 'republic'}))})\b", re.IGNORECASE)
_TYPE_BEFORE = re.compile(rf"\b({'|'.join(sorted({*TYPES} - {'capital'}))}) of (?:the )?$", re.IGNORECASE)
_CAPITALISED = r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2}"
_LIST_TYPE = re.compile(rf"(?:, {_CAPITALISED}){{0,9}},? (?:(?:and|or) {_CAPITALISED} )?({'|'.join(sorted(_PLURALS))})\b")
_LISTED = re.compile(rf", {_CAPITALISED}(?:,? (?:and|or) [A-Z]|, [A-Z])")
_WHOSE_PLACE = re.compile(
    r"(?:['’]s)?(?: (?:town|city|village|district|area|camp|neighbou?rhood|suburb|crossing|countryside))?,? "
    r"(?:(?:a|the) (?:town|village|city|suburb) )?(?:just |about |some )?(?:\d+ ?(?:km|kilomet\w+|miles) )?(?:to the )?"
    r"(?:in|at|near|outside|(?:north|south|east|west)(?:-?(?:east|west))? of) (?:the )?"
    r"(?:(?:\w+ )?(?:countryside|suburbs?|outskirts|province|governorate|city|district|town|capital) (?:of )?)?"
    r"(?:(?:north|south|east|west|central|rural)\w* )?$",
    re.IGNORECASE,
)
_HOLDER_AFTER = re.compile(rf",? (?:in|at|near|outside) (?:the )?(?:\w+ of )?({_CAPITALISED})|, ({_CAPITALISED})")
_HOLDER_BEFORE = re.compile(rf"({_CAPITALISED})['’]s $")
_SENTENCE_END = re.compile(r"[.!?\n:;\"“”]\s*$")
_JOINTS = frozenset((" ", "-", "\u00a0", "‑", "–"))
"""What may stand between two words of one name."""
_COMMA_NAME = re.compile(r", (?:in |the |central |(?:north|south|east|west)\w* )*([A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2})")
_DATELINE = re.compile(
    r"^[ \t]*(?:\[[^\]\n]{1,40}\][ \t]*)?(?P<head>[^\W\d_a-z][^\n:–—]{1,70}?)[ \t]*"
    r"(?:(?P<dash>–|—|--| -|(?<=\))-)|(?P<colon>:))[ \t]+(?=\S)",
    re.MULTILINE,
)
_DATELINE_REST = re.compile(
    r"\([^)]{2,40}\)|\b\d{1,2}\b|\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\b|"
    r"\b(?:Reuters|AP|AFP|UPI|CNN|ANI|IANS|PTI|Xinhua|SANA|TASS|dpa|EFE|and)\b|[\s,./;]"
)


class Toponym(msgspec.Struct, frozen=True, kw_only=True):
    """A place name in a text: ``text[start:end]``, facility noun included."""

    start: int
    end: int
    reading: "Reading"
    dateline: bool = False
    """It says where the article was written, not where anything happened."""
    modifier: Modifier | None = None
    """``near`` the place, or in the ``countryside`` of it."""
    capital: bool = False
    """It is the capital of the country that it names: ``Afghan capital``, ``Chad's capital``."""

    @property
    def demonym(self) -> bool:
        """It is a people or an adjective (``Syrian``), which stands for the country at most."""
        return self.reading.demonym and not self.capital


class _Token(msgspec.Struct):
    """A word of the text and its normalised form."""

    start: int
    end: int
    key: str
    capital: bool


_ENGLISH_TOO = frozenset({"at", "as", "an"})
"""Articles that are English words as well."""


class _Tokens:
    """The words of a text. A token is made when it is first asked for, and so is its key: most are in small letters and near no name."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._starts, self._ends = array("I"), array("I")
        for match in _TOKEN.finditer(text, start, end):
            self._starts.append(match.start())
            self._ends.append(match.end())
        self._known: dict[int, _Token] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, at: int) -> _Token:
        token = self._known.get(at)
        if token is None:
            start, end = self._starts[at], self._ends[at]
            token = self._known[at] = _Token(start, end, _key(self._text[start:end]), self._text[start].isupper())
        return token

    def beginnings(self, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Where in ``text[start:end]`` a name may begin: at a capital, or at an article with a hyphen behind it."""
        text, starts, ends = self._text, self._starts, self._ends
        first = bisect_left(starts, start)
        last = len(starts) if end is None else bisect_left(starts, end)
        for at in range(first, last):
            begin, after = starts[at], ends[at]
            if text[begin].isupper() or (text[after : after + 1] == "-" and self[at].key in ARTICLES):
                yield at

    def is_article(self, at: int) -> bool:
        """Whether a token is an Arabic article; "at", "as" and "an" are mostly English, but with a hyphen behind them."""
        token = self[at]
        return token.key in ARTICLES and (token.key not in _ENGLISH_TOO or self._text[token.end : token.end + 1] == "-")

    def run(self, at: int) -> list[str]:
        """The keys of the tokens from *at* that can belong to one name."""
        text = self._text
        start, end = self._starts[at], self._ends[at]
        keys = [_key(text[start:end])]
        following = slice(at + 1, at + LONGEST_NAME)
        for begin, after in zip(self._starts[following], self._ends[following], strict=True):
            if not _joined(text[end:begin], end - start == 1, keys[-1]):
                break
            start, end = begin, after
            keys.append(_key(text[start:end]))
        return keys


def _joined(gap: str, letter: bool, key: str) -> bool:
    """Whether two tokens can belong to one name: a space or hyphen between them, or the dot of an abbreviation (*letter*: of one)."""
    return gap in _JOINTS or (gap in (".", ". ") and (letter or key in ("st", "ft", "mt")))


def without_type(key: str) -> tuple[str, str | None]:
    """Strip a type word: ``homs province`` is ``homs`` and ``admin1``. The level is None if there is none."""
    words = key.split()
    if len(words) > 1 and (level := TYPES.get(words[-1]) or _ABBREVIATED.get(words[-1])):
        return " ".join(words[:-1]), level
    if len(words) > 2 and words[0] in TYPES and words[1] == "of":
        return " ".join(words[2:]), TYPES[words[0]]
    return key, None


def without_direction(key: str) -> str:
    """Strip direction words: ``northern syria`` is ``syria``. The key itself if nothing else is left."""
    words = key.split()
    while len(words) > 1 and words[0] in DIRECTIONS:
        words = words[1:]
    return " ".join(words)


def modifier(text: str, start: int, end: int) -> Modifier | None:
    """Say how the words around ``text[start:end]`` loosen the place; None if they name the place itself."""
    before, after = text[max(0, start - 60) : start], text[end : end + 30]
    small = before.lower()
    looser = any(word in small for word in _LOOSENING)
    if (looser and _RURAL.search(before)) or _RURAL_AFTER.match(after):
        return "countryside"
    if (looser and _NEAR.search(before)) or _NEAR_AFTER.match(after):
        return "near"
    return None


def offset(text: str, start: int) -> tuple[float, str | None] | None:
    """Say how far (km) and in which direction (``W``; None if unsaid) from the name at *start* it was; None if the text does not.

    So ``20 km west of Palmyra`` is (20.0, "W").
    """
    match = _OFFSET.search(text[max(0, start - 70) : start])
    if match is None:
        return None
    count, unit = match["count"].lower(), match["unit"].lower()
    scale = next(km for prefix, km in _KM.items() if unit.startswith(prefix))
    wind = "".join(letter for word, letter in _WIND_LETTERS.items() if word in (match["wind"] or "").lower())
    return (_COUNTS.get(count) or float(count)) * scale, wind or None


def cue(text: str, start: int, end: int) -> str | None:
    """Say which level the words beside ``text[start:end]`` give it: ``the city of Homs``, ``Homs province``; None if they give none."""
    if after := _TYPE_AFTER.match(text, end):
        return TYPES.get(after[1].lower())
    if listed := _LIST_TYPE.match(text, end):
        return _PLURALS[listed[1]]
    before = _TYPE_BEFORE.search(text[max(0, start - 30) : start])
    return TYPES.get(before[1].lower()) if before else None


def division_after(text: str, end: int) -> str | None:
    """Give the normalised name that follows after a comma, as ``Texas`` in ``Paris, Texas``; None if no capitalised name does."""
    match = _COMMA_NAME.match(text, end)
    return normalise(match[1]) if match else None


def enumerated(text: str, end: int) -> bool:
    """Whether the comma at *end* goes on a list of three or more, as in ``Ohio, Oregon and Utah``, and says not what contains what."""
    return _LISTED.match(text, end) is not None


def lies_by(text: str, end: int, start: int) -> bool:
    """Whether what stands between a name that ends at *end* and one that starts at *start* says that the first lies in or by the second."""
    return 0 < start - end <= LONGEST_LINK and _WHOSE_PLACE.match(text[end:start]) is not None


def holder(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Find the name that says where ``text[start:end]`` is: ``Penn Park in Whittier``, ``Whittier's Penn Park``; None if none does."""
    if after := _HOLDER_AFTER.match(text, end):
        return after.span(1 if after[1] else 2)
    before = _HOLDER_BEFORE.search(text[max(0, start - 60) : start])
    return (before.start(1) + max(0, start - 60), before.end(1) + max(0, start - 60)) if before else None


class Search:
    """The search for the place names of ``text[start:end]``, longest first, capitalised, at word boundaries; no word is looked at twice.

    A word that is also a common word or a name of persons counts only with evidence beside it: a preposition of place, a facility
    noun or a type word. A site's short name (``T4``) counts beside its noun, or once the site is named in full anywhere in the text.
    """

    def __init__(self, gazetteer: "Gazetteer", text: str, start: int, end: int) -> None:
        self._gazetteer, self._text, self._start, self._end = gazetteer, text, start, end
        self._tokens = _Tokens(text, start, end)
        self._matches: dict[int, tuple[Toponym, int, bool] | None] = {}

    def within(self, start: int, end: int) -> list[Toponym]:
        """What may be a name in ``text[start:end]``, short names of sites in any case; datelines are not told apart yet."""
        return [toponym for toponym, _, _ in self._found(self._tokens.beginnings(start, end))]

    def names(self) -> list[Toponym]:
        """All names of the text, in order and without overlap."""
        found: list[Toponym] = []
        doubtful: list[Toponym] = []
        for toponym, _, sure in self._found(self._tokens.beginnings()):
            (found if sure else doubtful).append(toponym)
        if doubtful:
            settled = {place for t in found for place in t.reading.places.tolist()}
            found += [t for t in doubtful if _established(t, settled)]
        heads = _DATELINE.finditer(self._text, self._start, self._end)
        return _datelines(self._gazetteer, self._text, sorted(found, key=lambda t: t.start), heads)

    def _found(self, beginnings: Iterable[int]) -> Iterator[tuple[Toponym, int, bool]]:
        """The longest match at each beginning that is not within the one before."""
        free = 0
        for at in beginnings:
            if at >= free and (match := self._match(at)):
                yield match
                free = at + match[1]

    def _match(self, at: int) -> tuple[Toponym, int, bool] | None:
        if at not in self._matches:
            self._matches[at] = _longest(self._gazetteer, self._text, self._tokens, at)
        return self._matches[at]


def _established(toponym: Toponym, settled: set[int]) -> bool:
    """A short site name is good where its site is already named."""
    return not settled.isdisjoint(toponym.reading.places[site_only(toponym.reading.flags)].tolist())


@lru_cache(maxsize=1 << 16)
def _key(word: str) -> str:
    """A word without case, accents and gaps; most words of a text were in the one before."""
    return normalise(word).replace(" ", "")


def _longest(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int) -> tuple[Toponym, int, bool] | None:
    """Match the longest name that starts at token *at*; also say how many tokens it takes and whether it is sure."""
    first = tokens[at]
    article = first.key in ARTICLES and at + 1 < len(tokens) and text[first.end : tokens[at + 1].start] == "-" and tokens[at + 1].capital
    if not (first.capital or article):
        return None
    run = tokens.run(at)
    romanised = len(run) > 2 and first.capital and run[1] in ARTICLES and tokens[at + 2].capital
    if romanised and (match := _accept(gazetteer, text, tokens, at, 3)):
        return match
    key = " ".join(run)
    for name in reversed(gazetteer.prefixes(key)):
        size = name.count(" ") + 1
        if key[len(name) : len(name) + 1] not in ("", " ") or (size == 1 and first.key in ARTICLES):
            continue  # the Al of Al-Raqqah is no place in Norway
        if size == 1 or tokens[at + size - 1].capital or run[size - 1].isdigit():
            match = _accept(gazetteer, text, tokens, at, size)
            if match:
                return match
    if article:
        deeper = _longest(gazetteer, text, tokens, at + 1)
        if deeper is None:
            return None
        whole = msgspec.structs.replace(deeper[0], start=first.start, modifier=modifier(text, first.start, deeper[0].end))
        return whole, deeper[1] + 1, deeper[2]
    return None


def _accept(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int) -> tuple[Toponym, int, bool] | None:
    last = tokens[at + size - 1]
    start, end = tokens[at].start, last.end
    noun = _noun_after(text, tokens, at + size)
    if noun:
        whole = text[start : tokens[at + size + noun - 1].end]
        reading = gazetteer.read(whole)
        if len(reading.places) and reading.noun and (reading.sited or _settles(gazetteer, text, tokens, at, size)):
            return _toponym(text, start, start + len(whole), reading), size + noun, True
    reading = gazetteer.read(text[start:end])
    if at and tokens[at - 1].key in ARTICLES and text[tokens[at - 1].end : start] == "-":
        reading = gazetteer.articled(reading)
    if not len(reading.places):
        return None
    if reading.only_sites:
        return _toponym(text, start, end, reading), size, False
    if reading.key == "us" and text[start:end] != "US":
        return None
    behind_comma = text[max(0, start - 2) : start] == ", "
    if reading.called_after or (reading.short == "always" and not behind_comma):
        return None
    abbreviated = behind_comma and reading.short is not None
    if not abbreviated and not _plausible(gazetteer, text, tokens, at, size, reading):
        return None
    return _toponym(text, start, end, reading), size, True


def _toponym(text: str, start: int, end: int, reading: "Reading") -> Toponym:
    if text[end : end + 1] == "." and "." in text[start:end]:
        end += 1  # the last dot of U.S.
    named = (reading.demonym or reading.national) and not text[max(0, start - 12) : start].lower().endswith(_SO_CALLED)
    capital = _CAPITAL.match(text, end) if named else None
    return Toponym(
        start=start, end=capital.end() if capital else end, reading=reading, modifier=modifier(text, start, end), capital=bool(capital)
    )


_SO_CALLED = ("de facto ", "former ", "interim ", "declared ", "temporary ", "wartime ")
_CAPITAL = re.compile(r"(?:['’]s)? capital(?! of\b| city of\b| punishment| invest| gain| market| inflow| flight| control|,? ?[A-Z]|[\w-])")
"""Without the name of the capital behind it, which would be a place by itself."""


def _noun_after(text: str, tokens: _Tokens, at: int) -> int:
    """How many tokens from *at* are a facility noun that follows directly; 0 if none."""
    if at >= len(tokens) or text[tokens[at - 1].end : tokens[at].start] not in (" ", "-", "\u00a0"):
        return 0
    if tokens[at].key not in facilities.FIRST_WORDS:
        return 0
    words = [tokens[i].key for i in range(at, min(at + facilities.LONGEST, len(tokens)))]
    found = facilities.noun_at(words, 0)
    return found[1] if found else 0


def _settles(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int) -> bool:
    """Whether a town's name with a facility noun, of which no site is known, may still stand for that site."""
    if at + size < len(tokens) and tokens[at + size].key in _GARRISONS:
        return True
    return _plausible(gazetteer, text, tokens, at, size, gazetteer.read(text[tokens[at].start : tokens[at + size - 1].end]))


_GARRISONS = frozenset({"garrison", "barracks", "airbase", "airfield", "outpost", "checkpoint"})
"""Nouns that make a place of any name before them, also of one that is mostly a person's: "the Nasir garrison"."""


def _plausible(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int, reading: "Reading") -> bool:
    """Judge from the words beside a name whether it is a place here and not a person, a team or a plain word."""
    if reading.demonym:
        return True
    first = at - 1 if at and tokens[at - 1].key in ARTICLES and text[tokens[at - 1].end : tokens[at].start] == "-" else at
    before = tokens[first - 1] if first else None
    after = tokens[at + size] if at + size < len(tokens) else None
    gap_before = text[before.end : tokens[first].start] if before else "\n"
    gap_after = text[tokens[at + size - 1].end : after.start] if after else "\n"
    located = before is not None and gap_before == " " and (before.key in _LOCATIVE or before.key in DIRECTIONS or before.key == "the")
    typed = (after is not None and gap_after == " " and after.key in TYPES) or (
        before is not None and before.key == "of" and first > 1 and tokens[first - 2].key in TYPES
    )
    if size == 1 and reading.key in _MONTHS:
        return False  # "in May" is no place, "in May, Texas" hardly ever
    if size == 1 and _letters_only(text, tokens[at]) and not (reading.national or (reading.well_known and len(tokens[at].key) > 2)):
        return False  # the UN is not in India
    followed = after is not None and gap_after == " " and after.capital and not _neutral(gazetteer, tokens, at + size, text)
    if reading.key in _weak_words() and followed:
        return False  # to George Washington
    if after is not None and gap_after in (" ", "-") and _is_part(gazetteer, tokens, at, size, reading, followed=followed):
        return False
    tail = before is not None and first < at and gap_before == " " and before.capital and not _neutral(gazetteer, tokens, first - 1, text)
    if tail and not reading.well_known and not _titled(tokens, at, size):
        return False  # the al-Noura of Wad al-Noura
    if _is_called(gazetteer, reading, before, gap_before, gap_after) or (
        size == 1 and after is not None and after.key == "of" and reading.key in listed("institution")
    ):
        return False  # Operation "Olive Branch", the Road of Azaz
    if after is not None and gap_after == " " and after.key in _UNITS:
        return False  # the al-Hamza brigade
    if located or typed:
        return True
    starts = before is None or gap_before not in (" ", "-", ", ")
    if size == 1 and (starts or _titled(tokens, at, size)) and _is_english(gazetteer, reading) and gap_after != ", ":
        return False  # Exchange of fire, Massacre in Homs
    if before is not None and gap_before in (" ", ". ") and before.key in _TITLES:
        return False
    if after is not None and gap_after == " " and after.key.isdigit() and size == 1:
        return False  # Terminal 4, Phoenix 2
    own_words = sum(tokens[i].key not in ARTICLES for i in range(at, at + size))
    strong = own_words > 1 or reading.national
    if reading.key in _weak_words():
        return bool(gap_after == ", " and after is not None and after.capital and _is_division(gazetteer, after.key))
    if strong or (_titled(tokens, at, size) and reading.well_known):
        return True
    if before is not None and gap_before in (" ", "-") and before.capital and not _neutral(gazetteer, tokens, first - 1, text):
        return False
    return not (after is not None and gap_after in (" ", "-") and after.capital and not _neutral(gazetteer, tokens, at + size, text))


def _is_called(gazetteer: "Gazetteer", reading: "Reading", before: _Token | None, gap_before: str, gap_after: str) -> bool:
    """Whether a name is that of an operation or of some group: behind "operation", or of plain English words in quotation marks."""
    if before is not None and before.key in {"operation", "operations"} and not gap_before.strip(" \"“‘'"):
        return True
    return gap_before[-1:] in _OPENING and gap_after[:1] in _CLOSING and _is_english(gazetteer, reading)


_UNITS = frozenset({"brigade", "brigades", "battalion", "battalions", "regiment", "legion", "legions"})
"""What an army's unit is called after a place or a man."""
_OPENING, _CLOSING = frozenset("\"“‘'"), frozenset("\"”’'")


def _is_part(gazetteer: "Gazetteer", tokens: _Tokens, at: int, size: int, reading: "Reading", *, followed: bool) -> bool:
    """Whether a name is only the beginning of a longer one that is not known: the Wadi of "Wadi Barada", the Wad of "Wad al-Noura"."""
    goes_on = tokens.is_article(at + size) or (followed and not _titled(tokens, at, size))
    if size == 1 and reading.key in listed("stem") and (goes_on or tokens[at + size].capital):
        return True
    return goes_on and tokens[at + size].key not in TYPES and not reading.well_known


def _titled(tokens: _Tokens, at: int, size: int) -> bool:
    """Whether a headline capitalises every word around here, so that capitals say nothing."""
    count = 0
    for i in (*range(max(0, at - 3), at), *range(at + size, min(at + size + 3, len(tokens)))):
        token = tokens[i]
        if len(token.key) > 3:
            if not token.capital:
                return False
            count += 1
    return count > 1


def _is_english(gazetteer: "Gazetteer", reading: "Reading") -> bool:
    """Whether only small places of English-speaking countries bear a name: it may be a plain word."""
    if reading.well_known:
        return False
    english = listed("english")
    return all(gazetteer.countries[n] in english for n in gazetteer.nations[reading.places].tolist())


def _letters_only(text: str, token: _Token) -> bool:
    """Whether a word looks like an acronym or a fragment: one or two letters, or up to four capitals amid small letters."""
    around = text[max(0, token.start - 40) : token.start] + text[token.end : token.end + 40]
    return len(token.key) <= 2 or (len(token.key) <= 4 and text[token.start : token.end].isupper() and not around.isupper())


def _is_division(gazetteer: "Gazetteer", key: str) -> bool:
    places, flags = gazetteer.lookup(key)
    return bool(((gazetteer.kind_numbers[places] <= 2) & (flags & DEMONYM == 0)).any())


def _neutral(gazetteer: "Gazetteer", tokens: _Tokens, at: int, text: str) -> bool:
    """Whether a capitalised neighbour leaves a name alone: a sentence's first word, a country, a direction, a type or facility word."""
    token = tokens[at]
    if token.key in DIRECTIONS or token.key in TYPES or (token.key,) in facilities.NOUNS or token.key in _NEUTRAL:
        return True
    if at == 0 or _SENTENCE_END.search(text[max(0, token.start - 3) : token.start]):
        return token.key in _weak_words() or token.key in _LOCATIVE
    return gazetteer.is_nation(token.key)


_MONTHS = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "jan", "feb", "sept", "sep", "oct", "nov", "dec", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
})  # fmt: skip
_NEUTRAL = frozenset({
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december", "the", "in", "on", "at", "of", "near", "from", "and", "to", "after",
    "as", "isis", "isil", "islamic", "army", "forces", "government", "police", "rebels", "militants", "is", "are", "was",
})  # fmt: skip


@lru_cache(maxsize=8)
def listed(what: str) -> frozenset[str]:
    """The words of ``stems.tsv`` under one heading."""
    rows = (line.split("\t") for line in _STEMS.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return frozenset(word for heading, words in rows if heading == what for word in words.split())


@lru_cache(maxsize=1)
def _weak_words() -> frozenset[str]:
    """Words of one token that are more often something else than a place."""
    if not _WORDS.exists():
        return frozenset()
    return frozenset(word for line in _WORDS.read_text("utf-8").splitlines() if not line.startswith("#") for word in line.split())


def _datelines(gazetteer: "Gazetteer", text: str, found: list[Toponym], heads: Iterable[re.Match[str]]) -> list[Toponym]:
    """Flag the names that stand in a dateline: ``HOMS, Syria (Reuters) –``, ``Beirut:``, ``[ARANews] Homs –``."""
    starts, flagged = [t.start for t in found], set[int]()
    for head in heads:
        low, high = head.span("head")
        inside = range(bisect_left(starts, low), bisect_left(starts, high))
        if _is_dateline(gazetteer, text, head, [found[i] for i in inside]):
            flagged.update(inside)
    return [msgspec.structs.replace(t, dateline=True) if i in flagged else t for i, t in enumerate(found)]


def _is_dateline(gazetteer: "Gazetteer", text: str, match: re.Match[str], named: Sequence[Toponym]) -> bool:
    """A head that names places, dates and agencies and nothing else.

    Args:
        named: What begins in it.
    """
    low, high = match.span("head")
    inside = [t for t in named if t.end <= high and not t.demonym]
    if not inside or inside[0].start - low > 1:
        return False
    if match["colon"] and inside[0].reading.national:
        return False  # "Syria: rebels shell base" is a headline's topic
    rest = text[low:high]
    for toponym in reversed(inside):
        rest = rest[: toponym.start - low] + rest[toponym.end - low :]
    return not _DATELINE_REST.sub("", rest)
