"""Knowledge as data: reads the tables of `data/` into what the cascade looks words up in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

DATA = Path(__file__).parent / "data"
GAP = r"(?: +\w+){0,3}?"
"""What ``...`` in a pattern stands for: up to three words."""
_OTHER = re.compile(r"[^\w ]|_")
_BLANKS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})
_MARKUP = re.compile(r"<[a-zA-Z/][^<>\n]{0,400}>")


class LexiconError(ValueError):
    """A row of a data table that cannot be read; the message names file and line."""


def fold(text: str) -> str:
    """Lower-case *text*, with spaces for whatever is no letter or digit and for HTML tags; character for character, so offsets hold."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    if "<" in lower:
        lower = _MARKUP.sub(lambda tag: " " * len(tag.group()), lower)
    return lower.translate(_BLANKS) if lower.isascii() else _OTHER.sub(" ", lower)


def rows(name: str, columns: int, folder: Path = DATA) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of every row of a table.

    Raises:
        LexiconError: A row has another number of cells than *columns*.
    """
    path = folder / name
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != columns:
            raise LexiconError(f"{path}:{number}: {len(cells)} cells, but the table has {columns}; separate them by single tabs")
        yield number, cells


def plural(noun: str) -> str:
    """The regular plural of *noun*."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def _irregular() -> dict[str, frozenset[str]]:
    return {base: frozenset({base, *forms.split()}) for _, (base, forms) in rows("irregular.tsv", 2)}


def inflect(verb: str) -> frozenset[str]:
    """Every form of *verb*, by rule or from `irregular.tsv`; the base form comes with them."""
    if known := _irregular().get(verb):
        return known
    if verb.endswith("e"):
        return frozenset({verb, verb + "s", verb + "d", verb[:-1] + "ing"})
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return frozenset({verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"})
    return frozenset({verb, plural(verb), verb + "ed", verb + "ing"})


def forms(term: str) -> frozenset[str]:
    """What a term of a pattern or a cue stands for: ``~x`` every form of a verb, ``x+`` with or without plural."""
    if term.startswith("~"):
        return inflect(term[1:])
    if term.endswith("+"):
        return frozenset({term[:-1], plural(term[:-1])})
    return frozenset({term})


@cache
def wordlist(name: str) -> frozenset[str]:
    """One list of `grammar.tsv`.

    Raises:
        LexiconError: There is no list of that name.
    """
    for _, (listed, words, _) in rows("grammar.tsv", 3):
        if listed == name:
            return frozenset(words.split())
    raise LexiconError(f"{DATA / 'grammar.tsv'}: no list {name!r}")


@dataclass(frozen=True)
class Pattern:
    """One row of `triggers.tsv`, ready to match in folded text from the space before its first word."""

    frame: str
    weight: int
    source: str
    regex: re.Pattern[str]
    anchors: frozenset[str]
    """What it can begin with: a word, or two where the first is as frequent as "of"."""


def compile_pattern(frame: str, weight: int, source: str) -> Pattern:
    """Compile one pattern of the small language that `triggers.tsv` explains."""
    pieces = [_GAP_PIECE if piece == "..." else _alternatives(piece) for piece in source.split()]
    parts = (GAP if piece is _GAP_PIECE else " +(?:" + "|".join(a.replace(" ", " +") for a in piece) + r")(?!\w)" for piece in pieces)
    return Pattern(frame, weight, source, re.compile("".join(parts)), frozenset(_anchors(pieces)))


_GAP_PIECE: list[str] = []
"""What stands for ``...`` among the pieces of a pattern."""


def _alternatives(piece: str) -> list[str]:
    """What may stand for one piece of a pattern, longest first."""
    return sorted({" ".join(fold(form).split()) for term in piece.split("|") for form in forms(term)}, key=len, reverse=True)


def _anchors(pieces: list[list[str]]) -> Iterator[str]:
    """What to look for in a text before a pattern is tried there: two words where the first alone would be met at every step."""
    after = pieces[1] if len(pieces) > 1 else _GAP_PIECE
    for words in (alternative.split() for alternative in pieces[0]):
        if words[0] not in wordlist("frequent"):
            yield words[0]
        elif len(words) > 1 or not after:
            yield " ".join(words[:2])
        else:
            yield from (f"{words[0]} {alternative.split()[0]}" for alternative in after)


class Hit(msgspec.Struct, frozen=True):
    """A term of a list found in a text: its offsets and what the list says of it."""

    start: int
    end: int
    value: object


class Terms:
    """A list of terms, found in one scan of folded text, longest first, at word boundaries."""

    def __init__(self, terms: dict[str, object]) -> None:
        self._values: dict[str, object] = {}
        for term, value in terms.items():
            self._values.setdefault(" " + " ".join(fold(term).split()), value)
        self._keys = list(self._values)
        self._scan = AhoCorasick(self._keys, matchkind=MatchKind.LeftmostLongest)

    def find(self, folded: str) -> list[Hit]:
        """The terms in *folded*, in order; offsets count into the text that was folded."""
        padded = " " + folded + " "
        found: list[Hit] = []
        for index, start, end in self._scan.find_matches_as_indexes(padded):
            key = self._keys[index]
            if padded[end] == " ":
                found.append(Hit(start, end - 1, self._values[key]))
            elif " " in key[1:]:
                found += self._swallowed(padded, key, start, end)
        return found

    def _swallowed(self, padded: str, key: str, start: int, end: int) -> list[Hit]:
        """The terms in ``padded[start:end]``, where *key* goes on in the middle of a word: "aerial bombardment" is no "aerial bomb"."""
        shorter = key.rsplit(" ", 1)[0]
        while shorter and shorter not in self._values:
            shorter = shorter.rsplit(" ", 1)[0]
        first = [Hit(start, start + len(shorter) - 1, self._values[shorter])] if shorter else []
        next_word = start + len(shorter) if shorter else padded.index(" ", start + 1)
        words = padded[next_word + 1 : padded.index(" ", end)]
        return first + [Hit(h.start + next_word, h.end + next_word, h.value) for h in self.find(words)]


class Acronyms:
    """Names that count only as they are written in capitals ("IS"), in a line that has small letters, too."""

    def __init__(self, names: dict[str, object]) -> None:
        self._values = names
        self._scan = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")

    def find(self, text: str) -> list[Hit]:
        """The names in *text*, which is not folded, in order."""
        found = [Hit(m.start(), m.end(), self._values[m.group()]) for m in self._scan.finditer(text)]
        return [] if found and text.isupper() else found


@dataclass(frozen=True)
class TypeInfo:
    """One row of `types.tsv`."""

    category: str
    family: str
    rank: int
    cameo: str
    plover: str
    words: str


@dataclass(frozen=True)
class ActorName:
    """What an alias stands for, with the years between which it does (None: always)."""

    id: str
    name: str
    type: str
    since: int | None
    until: int | None
    theatre: tuple[str, ...] = ()
    """Countries (ISO 3166) in which they fight under that name; empty for states, and where a name says nothing of it."""


@dataclass(frozen=True)
class Theatre:
    """A place at war: its country and the first and last year of the war (None: since ever, to this day)."""

    country: str
    since: int | None
    until: int | None

    def at_war(self, year: int | None) -> bool:
        """Whether there was war in *year*; of an unknown one nothing can be said."""
        return year is not None and (self.since or 0) <= year <= (self.until or 9999)


@dataclass(frozen=True)
class Outlet:
    """One row of `outlets.tsv`."""

    name: str
    owner: str
    country: str
    interest: str


@dataclass(frozen=True)
class Weapon:
    """A weapon's one name and the kind of telling it makes."""

    name: str
    kind: str


@dataclass(frozen=True)
class Lexicon:
    """All tables, loaded once."""

    patterns: dict[str, tuple[Pattern, ...]]
    """By what they begin with."""
    anchors: AhoCorasick
    """The beginnings, a space before and behind each."""
    words: Terms
    """Term to the frozenset of its classes."""
    weapons: Terms
    actors: Terms
    """Alias to a tuple of `ActorName`, one for each span of years."""
    acronyms: Acronyms
    """The same for aliases that small letters would make plain words of."""
    states: Terms
    """Demonym or metonym to a pair: `ActorName`, and whether it is a demonym."""
    theatres: Terms
    """Name of a place to a tuple of `Theatre`, one for each war."""
    outlets: dict[str, Outlet]
    """By folded alias."""
    agencies: Terms
    cues: dict[tuple[str, str], frozenset[str]]
    """(status, where) to word forms."""
    types: dict[str, TypeInfo] = field(default_factory=dict)


@cache
def load() -> Lexicon:
    """Read every table.

    Raises:
        LexiconError: A row cannot be read; file and line are named.
    """
    patterns = _patterns()
    outlets = _outlets()
    agencies: dict[str, object] = {alias: o for alias, o in outlets.items() if len(alias) > 2}
    named = _actors()
    return Lexicon(
        patterns=patterns,
        anchors=AhoCorasick([f" {word} " for word in patterns]),
        words=Terms(_words()),
        weapons=Terms(_weapons()),
        actors=Terms({alias: names for alias, names in named.items() if not alias.isupper()}),
        acronyms=Acronyms({alias: names for alias, names in named.items() if alias.isupper()}),
        states=Terms(_states()),
        theatres=Terms(_theatres()),
        outlets=outlets,
        agencies=Terms(agencies),
        cues=_cues(),
        types=_types(),
    )


@cache
def actor_ids() -> frozenset[str]:
    """The ids of all who have a name: armed groups and states."""
    return frozenset(actor for _, (actor, *_) in (*rows("actors.tsv", 8), *rows("states.tsv", 4)))


@cache
def weapon_names() -> frozenset[str]:
    """The one name of each weapon."""
    return frozenset(name for _, (name, *_) in rows("weapons.tsv", 4))


def _number(name: str, line: int, cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise LexiconError(f"{DATA / name}:{line}: {cell!r} is not a whole number") from None


def _patterns() -> dict[str, tuple[Pattern, ...]]:
    by_word: dict[str, list[Pattern]] = {}
    for line, (frame, weight, source, _) in rows("triggers.tsv", 4):
        pattern = compile_pattern(frame, _number("triggers.tsv", line, weight), source)
        for anchor in pattern.anchors:
            by_word.setdefault(anchor, []).append(pattern)
    return {word: tuple(found) for word, found in by_word.items()}


def _words() -> dict[str, object]:
    classes: dict[str, set[str]] = {}
    for _, (name, terms, _) in rows("classes.tsv", 3):
        for term in terms.split("|"):
            for form in (term, plural(term)):
                classes.setdefault(" ".join(fold(form).split()), set()).add(name)
    return {term: frozenset(names) for term, names in classes.items()}


def _weapons() -> dict[str, object]:
    return {
        form: Weapon(name, kind)
        for _, (name, kind, terms, _) in rows("weapons.tsv", 4)
        for term in terms.split("|")
        for form in (term, plural(term))
    }


def _actors() -> dict[str, object]:
    """By folded alias; what is marked to count in capitals only stands there in capitals."""
    found: dict[str, tuple[ActorName, ...]] = {}
    for line, (actor, name, kind, _, since, until, theatre, aliases) in rows("actors.tsv", 8):
        first, last = (_number("actors.tsv", line, cell) if cell else None for cell in (since, until))
        for alias in aliases.split("|"):
            key = alias[1:] if alias.startswith("!") else " ".join(fold(alias).split())
            found[key] = (*found.get(key, ()), ActorName(actor, name, kind, first, last, tuple(theatre.split())))
    return dict(found)


def _theatres() -> dict[str, object]:
    found: dict[str, tuple[Theatre, ...]] = {}
    for line, (country, since, until, names) in rows("theatres.tsv", 4):
        war = Theatre(country, *(_number("theatres.tsv", line, cell) if cell else None for cell in (since, until)))
        for name in names.split("|"):
            key = " ".join(fold(name).split())
            found[key] = (*found.get(key, ()), war)
    return dict(found)


def _states() -> dict[str, object]:
    """Alias to the state, and whether the alias is an adjective."""
    found: dict[str, object] = {}
    for _, (actor, name, demonyms, metonyms) in rows("states.tsv", 4):
        state = ActorName(actor, name, "state", None, None)
        found |= dict.fromkeys((name, *metonyms.split("|")), (state, False))
        found |= {alias: (state, True) for alias in demonyms.split("|") if alias not in found}
    return found


def _outlets() -> dict[str, Outlet]:
    return {
        " ".join(fold(alias).split()): Outlet(name, owner, country, interest)
        for _, (name, owner, country, interest, aliases) in rows("outlets.tsv", 5)
        for alias in aliases.split("|")
    }


def _cues() -> dict[tuple[str, str], frozenset[str]]:
    cues: dict[tuple[str, str], frozenset[str]] = {}
    for _, (status, where, terms, _) in rows("status.tsv", 4):
        words = frozenset(form for term in terms.split("|") for form in forms(term))
        cues[status, where] = cues.get((status, where), frozenset()) | words
    return cues | {("vouched", "above"): cues["through", "above"] | cues["report", "above"]}


def _types() -> dict[str, TypeInfo]:
    return {
        name: TypeInfo(category, family, _number("types.tsv", line, rank), cameo, plover, words)
        for line, (name, category, family, rank, cameo, plover, words) in rows("types.tsv", 7)
    }
