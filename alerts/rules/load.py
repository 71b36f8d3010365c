"""Rule files in, rules out; or every mistake in them at once, each with file and line."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
import yaml

from alerts.records import After, Circle, Confirm, Rule, Severity, Spike, Threshold, What, Where
from alerts.rules.areas import AreaError, read_fence, read_watch_list
from alerts.rules.situations import GAP, ONE_DAY
from streams.errors import ExplainedError
from streams.records import FACILITIES, KINETIC, STRATEGIC, Category, Family, PlacePrecision
from streams.settings import span as parse_span

NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A name that can stand in keys, in a List-Id and in an address of the console."""
COUNTRY = re.compile(r"[A-Z]{2}")
FEWEST_WINDOWS = 5
"""Windows before that say what is usual: of fewer no spread can be told."""
PLACE_KINDS = FACILITIES | {"city", "town", "village", "district", "region", "country", "sea", "site"}


CATEGORIES = {"kinetic": KINETIC | set(get_args(Family)) - {"posture"}, "strategic": STRATEGIC | {"posture"}}
"""By category: its types and families (streams/detection/data/types.tsv)."""


class RulesError(ExplainedError, ValueError):
    """Rule files cannot be used; ``mistakes`` says each with file, line and what to do."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class Reader:
    """One mapping of a YAML file, read key by key; gathers mistakes instead of stopping at the first."""

    def __init__(self, path: Path, node: yaml.Node, mistakes: list[str], what: str) -> None:
        self.path, self.mistakes, self.what = path, mistakes, what
        self.line = node.start_mark.line + 1
        self._left: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if str(key.value) in self._left:
                    self.wrong(key.start_mark.line + 1, f"{what}: '{key.value}' stands here twice; keep one")
                self._left[str(key.value)] = value
        else:
            self.wrong(self.line, f"{what} is {_said(node)}, but must be a mapping of names to values")

    def wrong(self, line: int, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append(f"{self.path}:{line}: {text}")

    def take(self, key: str, read: Callable[["Reader", yaml.Node, str], Any], default: Any = None, *, needed: str = "") -> Any:
        """Read the value of *key*; *default* where it is not there or wrong.

        Args:
            needed: What to do when it is missing; "" if it may be.
        """
        node = self._left.pop(key, None)
        if node is None:
            if needed:
                self.wrong(self.line, f"{self.what} has no '{key}'; {needed}")
            return default
        value = read(self, node, key)
        return default if value is None else value

    def has(self, key: str) -> bool:
        """Whether *key* is there and not read yet."""
        return key in self._left

    def line_of(self, key: str) -> int:
        """Where the value of *key*, not read yet, stands; the line of the whole where it is not there."""
        return self._left[key].start_mark.line + 1 if key in self._left else self.line

    def names(self) -> tuple[str, ...]:
        """The keys not read yet."""
        return tuple(self._left)

    def inner(self, key: str) -> "Reader":
        """The mapping under *key*; an empty one where it is not there."""
        node = self._left.pop(key, None)
        return Reader(self.path, node or yaml.MappingNode("map", [], self._mark()), self.mistakes, f"{self.what}, {key}")

    def _mark(self) -> Any:
        return yaml.Mark("", 0, self.line - 1, 0, None, 0)

    def done(self, known: Sequence[str]) -> None:
        """Note every key that nobody read."""
        for key, node in self._left.items():
            self.wrong(node.start_mark.line + 1, f"{self.what}: unknown key '{key}'; known are {', '.join(known)}")


def text(reader: Reader, node: yaml.Node, key: str) -> str | None:
    """A text that is not empty."""
    if isinstance(node, yaml.ScalarNode) and str(node.value).strip() and not node.tag.endswith(":null"):
        return str(node.value).strip()
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a text")
    return None


def whole(least: int) -> Callable[[Reader, yaml.Node, str], int | None]:
    """A whole number of at least *least*."""

    def read(reader: Reader, node: yaml.Node, key: str) -> int | None:
        value = str(node.value)
        if isinstance(node, yaml.ScalarNode) and value.isdecimal() and int(value) >= least:
            return int(value)
        reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a whole number from {least} on")
        return None

    return read


def share(reader: Reader, node: yaml.Node, key: str) -> float | None:
    """A number from 0 to 1."""
    try:
        value = float(str(node.value))
    except ValueError:
        value = -1
    if 0 <= value <= 1:
        return value
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a number from 0 to 1")
    return None


def span(reader: Reader, node: yaml.Node, key: str) -> timedelta | None:
    """A span of time: ``30d``, ``6h``, ``45min``."""
    with suppress(ValueError):
        return parse_span(str(node.value).strip())
    advice = "must be a span such as 30d, 6h or 45min, of at most ten years"
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but {advice}")
    return None


def novelty(reader: Reader, node: yaml.Node, key: str) -> timedelta | None:
    """Whole days that tell two situations apart; less would never matter."""
    read = span(reader, node, key)
    if read is None or (read > GAP and read % ONE_DAY == timedelta(0)):
        return read
    least = f"events less than {GAP.days * 24}h apart are one situation anyhow"
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be whole days from 3d on, since {least}")
    return None


def name(reader: Reader, node: yaml.Node, key: str) -> str | None:
    """A short name in small letters, digits, and ``.`` ``_`` ``-``."""
    read = text(reader, node, key)
    if read is None or NAME.fullmatch(read):
        return read
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {read!r}, but must be small letters, digits, '-', '_' and '.'")
    return None


def country(reader: Reader, node: yaml.Node, key: str) -> str | None:
    """An ISO 3166 alpha-2 code."""
    read = text(reader, node, key)
    if read is None or COUNTRY.fullmatch(read):
        return read
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {read!r}, but must be an ISO 3166 code of two letters, such as SY")
    return None


def word(allowed: Sequence[str] | frozenset[str]) -> Callable[[Reader, yaml.Node, str], str | None]:
    """One word of those *allowed*."""

    def read(reader: Reader, node: yaml.Node, key: str) -> str | None:
        read = text(reader, node, key)
        if read is None or read in allowed:
            return read
        known = ", ".join(allowed if isinstance(allowed, Sequence) else sorted(allowed))
        reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} '{read}' is not known; known are {known}")
        return None

    return read


def several(one: Callable[[Reader, yaml.Node, str], Any]) -> Callable[[Reader, yaml.Node, str], tuple[Any, ...] | None]:
    """What *one* reads, or a list of such, not empty."""

    def read(reader: Reader, node: yaml.Node, key: str) -> tuple[Any, ...] | None:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not nodes:
            reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is an empty list; name at least one, or leave {key} out")
        return tuple(value for n in nodes if (value := one(reader, n, key)) is not None)

    return read


def _said(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def meant(said: str, known: Collection[str], otherwise: str) -> str:
    """What to do about a name that is not known: the nearest that is, else *otherwise*."""
    near = get_close_matches(said, known, 1) or get_close_matches(said.lower().replace(" ", "_"), known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; {otherwise}"


def load_rules(folder: Path) -> tuple[Rule, ...]:
    """Read every ``*.yaml`` and ``*.yml`` in *folder*, in order of name.

    Raises:
        RulesError: With all mistakes of all files. Keep the rules that are in force.
    """
    mistakes: list[str] = []
    files = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    if not files:
        raise RulesError([f"{folder}: no rule files; put at least one .yaml file there, or name another folder"])
    none = list[Rule]()
    rules = [rule for path in files for rule in guarded(path, mistakes, partial(_listed_of, path, mistakes), none)]
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            again = f"rule '{rule.id}' stands in {other.file}:{other.line} too"
            mistakes.append(f"{rule.file}:{rule.line}: {again}; give one of them another id")
    if mistakes or not rules:
        raise RulesError(mistakes or [f"{files[0]}:1: no rule in any file; without rules nobody is ever alerted: write one"])
    return tuple(rules)


def _listed_of(path: Path, mistakes: list[str]) -> list[Rule]:
    return list(_rules_of(path, mistakes))


T = TypeVar("T")


def guarded(path: Path, mistakes: list[str], read: Callable[[], T], default: T) -> T:
    """What *read* makes of a file; *default*, and a mistake noted, if it breaks on it: no file may stop a river that runs."""
    try:
        found = read()
        msgspec.json.encode(found)  # half of a character is written as an escape, and is none
    except RulesError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        what = str(error).splitlines()[0][:120] if str(error) else ""
        mistakes.append(
            f"{path}: cannot be read ({type(error).__name__}: {what}); something in it is nested too deep, too long, or no text"
        )
        return default
    return found


def compose(path: Path, mistakes: list[str], *, begin: str) -> yaml.Node | None:
    """The nodes of a YAML file; None, and a mistake noted, if it cannot be read or is empty.

    Args:
        begin: What such a file begins with.
    """
    try:
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if node is None:
            mistakes.append(f"{path}:1: the file is empty; begin it with '{begin}', or take it away")
        return node
    except OSError as error:
        mistakes.append(f"{path}: cannot be read ({error.strerror}); make it readable")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        mistakes.append(
            f"{path}:{mark.line + 1 if mark else 1}: no YAML: {getattr(error, 'problem', error)}; mend the indentation or quotes there"
        )
    return None


def _rules_of(path: Path, mistakes: list[str]) -> Iterator[Rule]:
    root = compose(path, mistakes, begin="rules:")
    if root is None:
        return
    top = Reader(path, root, mistakes, "the file")
    listed = top.take("rules", lambda _, node, __: node, needed="begin it with 'rules:' and a list of rules")
    top.take("tests", lambda _, node, __: node)  # read by `cases`
    top.done(["rules", "tests"])
    if isinstance(listed, yaml.SequenceNode):
        for node in listed.value:
            rule = _rule(Reader(path, node, mistakes, "a rule"), path)
            if rule is not None:
                yield rule
    elif listed is not None:
        mistakes.append(f"{path}:{listed.start_mark.line + 1}: rules is {_said(listed)}, but must be a list; put a dash before each rule")


def _rule(r: Reader, path: Path) -> Rule | None:
    before = len(r.mistakes)
    known = r.take("id", name, needed="give it a short name, such as 'id: airbase-under-attack'")
    r.what = f"rule '{known}'" if known else r.what
    title = r.take("title", text, needed="say in a few words what it looks for")
    severity = r.take("severity", word(get_args(Severity)), needed="set it to flash, urgent or routine")
    where, what = _match(r.inner("match"), path.parent)
    threshold = _threshold(r.inner("threshold"))
    line = r.line_of("confirm")
    confirm = _confirm(r.inner("confirm")) if r.has("confirm") else None
    if confirm is not None and threshold.owners >= confirm.owners:
        asked = f"the threshold asks for {threshold.owners} owners before anything is said, so that each alert is confirmed at once"
        r.wrong(line, f"{r.what}: {asked}; leave confirm out, or ask for more than {threshold.owners} there")
    quiet = r.take("novelty", novelty)
    after = _after(r.inner("after")) if r.has("after") else None
    spike = _spike(r.inner("spike")) if r.has("spike") else None
    if spike is not None and (other := next((k for k, v in (("confirm", confirm), ("novelty", quiet), ("after", after)) if v), None)):
        r.wrong(r.line, f"{r.what}: {other} says nothing to a rule with spike, which counts many events; leave one of them out")
    by = r.take("by", word(("place", "country")), "place")
    if by == "country" and spike is None:
        r.wrong(r.line, f"{r.what}: by country counts the events of a whole country, which only spike does; leave by out, or add spike")
    shadow = r.take("shadow", flag, False)
    resolve = r.take("resolve", _resolve)
    cooldown = r.take("cooldown", span, timedelta(0))
    max_age = r.take("max_age", span, timedelta(days=3))
    r.done(RULE_WORDS)
    if len(r.mistakes) > before:
        return None
    return Rule(
        id=known, title=title, severity=severity, where=where, what=what, threshold=threshold, confirm=confirm,
        novelty=quiet, after=after, by=by, spike=spike, shadow=shadow, resolve=resolve,
        cooldown=cooldown, max_age=max_age, file=str(path), line=r.line,
    )  # fmt: skip


def _match(m: Reader, folder: Path) -> tuple[Where, What]:
    watched = m.take("watch_list", several(_file(folder, read_watch_list)), ())
    where = Where(
        place_kind=m.take("place_kind", several(word(PLACE_KINDS)), ()),
        place=m.take("place", several(text), ()),
        country=m.take("country", several(country), ()),
        precision=m.take("precision", several(word(get_args(PlacePrecision))), ()),
        near=m.take("near", several(circle), ()),
        fence=m.take("fence", several(_file(folder, read_fence)), ()),
        watch_list=tuple(dict.fromkeys(name for names in watched for name in names)),
    )
    what = _what(m)
    m.done([*Where.__struct_fields__, *What.__struct_fields__])
    return where, what


def _what(m: Reader) -> What:
    types = m.take("type", several(word(KINETIC | STRATEGIC)), ())
    families = m.take("family", several(word(get_args(Family))), ())
    return What(
        type=types,
        category=_categories(m, {*types, *families}),
        family=families,
        attacker=m.take("attacker", several(text), ()),
        target=m.take("target", several(text), ()),
        weapon=m.take("weapon", several(text), ()),
        killed=m.take("killed", whole(1)),
        injured=m.take("injured", whole(1)),
        cross_border=m.take("cross_border", flag, False),
    )


def _resolve(reader: Reader, node: yaml.Node, key: str) -> timedelta | None:
    """So long that nothing can join what is said to be over."""
    read = span(reader, node, key)
    if read is None or read >= GAP:
        return read
    least = f"events less than {GAP.days * 24}h apart are one situation"
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be at least 2d, since {least}")
    return None


RULE_WORDS = (
    "id", "title", "severity", "match", "threshold", "confirm", "novelty", "after", "by", "spike", "shadow", "resolve",
    "cooldown", "max_age",
)  # fmt: skip


def _spike(s: Reader) -> Spike:
    within = s.take("within", span, ONE_DAY, needed="say in how short a time, such as 24h")
    events = s.take("events", whole(2), 2, needed="say how many events at least, such as 5")
    over = s.take("over", span)
    if over is not None and over < FEWEST_WINDOWS * within:
        s.wrong(s.line, f"{s.what}: over must be at least {FEWEST_WINDOWS} times as long as within, or nothing is usual; make it longer")
    made = Spike(
        within=within, events=events, over=over, history=s.take("history", span, timedelta(days=7)),
        cold_start=s.take("cold_start", whole(2), 2 * events), chance=s.take("chance", share, 0.0001),
    )  # fmt: skip
    s.done(["within", "events", "over", "history", "cold_start", "chance"])
    return made


def _after(a: Reader) -> After:
    within = a.take("within", span, timedelta(0), needed="say how long before at most, such as 10d")
    unless = None
    if a.has("unless"):
        inner = a.inner("unless")
        unless = _what(inner)
        inner.done(What.__struct_fields__)
    made = After(what=_what(a), within=within, unless=unless)
    a.done(["within", "unless", *What.__struct_fields__])
    return made


def circle(reader: Reader, node: yaml.Node, key: str) -> Circle | None:
    """A point and a radius: ``{lat: 34.5, lon: 37.6, km: 50}``."""
    r = Reader(reader.path, node, reader.mistakes, f"{reader.what}: {key}")
    before = len(r.mistakes)
    lat, lon, km = (r.take(name, number(*limits), needed=advice) for name, limits, advice in _CIRCLE)
    r.done(["lat", "lon", "km"])
    return None if len(r.mistakes) > before else Circle(lat=lat, lon=lon, km=km)


def number(least: float, most: float) -> Callable[[Reader, yaml.Node, str], float | None]:
    """A number between two others."""

    def read(reader: Reader, node: yaml.Node, key: str) -> float | None:
        with suppress(ValueError):
            if isinstance(node, yaml.ScalarNode) and least <= (value := float(node.value)) <= most:
                return value
        reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a number from {least:g} to {most:g}")
        return None

    return read


_CIRCLE = (
    ("lat", (-90, 90), "give the latitude of its middle in degrees"),
    ("lon", (-180, 180), "give the longitude of its middle in degrees"),
    ("km", (0.1, 20_000), "give its radius in kilometres"),
)


def flag(reader: Reader, node: yaml.Node, key: str) -> bool | None:
    """``true`` or ``false``."""
    if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
        return bool(node.value == "true")
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be true or false")
    return None


def _file(folder: Path, read: Callable[[Path], Any]) -> Callable[[Reader, yaml.Node, str], Any]:
    """What *read* makes of a file that is named from *folder* on."""

    def taken(reader: Reader, node: yaml.Node, key: str) -> Any:
        named = text(reader, node, key)
        if named is None:
            return None
        if not (folder / named).resolve().is_relative_to(folder.resolve()):
            reader.wrong(
                node.start_mark.line + 1,
                f"{reader.what}: {key}: {named} lies outside {folder}, where no change is seen; put it there",
            )
            return None
        try:
            return read(folder / named)
        except AreaError as error:
            reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key}: {error}")
            return None

    return taken


def _categories(m: Reader, named: set[str]) -> tuple[str, ...]:
    """The categories to count: as said, else those of the types and families *named*, else kinetic. What is outside is never found."""
    of_types = tuple(c for c, of in CATEGORIES.items() if named & of)
    line = m.line_of("category")
    said: tuple[str, ...] = m.take("category", several(word(get_args(Category))), ())
    if said and (missing := [c for c in of_types if c not in said]):
        m.wrong(line, f"{m.what}: category {', '.join(said)} shuts out the {missing[0]} types or families named; leave category out")
    return said or of_types or ("kinetic",)


def _threshold(t: Reader) -> Threshold:
    made = Threshold(
        owners=t.take("owners", whole(1), 1), articles=t.take("articles", whole(1), 1), confidence=t.take("confidence", share, 0.0)
    )
    t.done(["owners", "articles", "confidence"])
    return made


def _confirm(c: Reader) -> Confirm:
    made = Confirm(
        owners=c.take("owners", whole(2), 2, needed="say how many independent owners confirm, from 2 on"),
        within=c.take("within", span, timedelta(hours=6), needed="say how long to wait for them, such as 6h"),
    )
    c.done(["owners", "within"])
    return made
