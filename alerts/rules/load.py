"""Rule files in, rules out; or every mistake in them at once, each with file and line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import yaml

from alerts.records import Confirm, Rule, Severity, Threshold, What, Where
from streams.errors import ExplainedError
from streams.records import FACILITIES, KINETIC, STRATEGIC, Category, Family, PlacePrecision
from streams.settings import span as parse_span

PLACE_KINDS = FACILITIES | {"city", "town", "village", "district", "region", "country", "sea", "site"}


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
            self._left = {str(key.value): value for key, value in node.value}
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
    if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
        return str(node.value).strip()
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a text")
    return None


def whole(least: int) -> Callable[[Reader, yaml.Node, str], int | None]:
    """A whole number of at least *least*."""

    def read(reader: Reader, node: yaml.Node, key: str) -> int | None:
        value = str(node.value)
        if isinstance(node, yaml.ScalarNode) and value.isdigit() and int(value) >= least:
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
    reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {_said(node)}, but must be a span such as 30d, 6h or 45min")
    return None


def words(allowed: Sequence[str] | frozenset[str] = ()) -> Callable[[Reader, yaml.Node, str], tuple[str, ...] | None]:
    """One word or a list of words, of those *allowed* (empty: any)."""

    def read(reader: Reader, node: yaml.Node, key: str) -> tuple[str, ...] | None:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        out = []
        for one in nodes:
            word = text(reader, one, key)
            if word is not None and allowed and word not in allowed:
                reader.wrong(one.start_mark.line + 1, f"{reader.what}: {key} '{word}' is not known; known are {', '.join(sorted(allowed))}")
            elif word is not None:
                out.append(word)
        return tuple(out)

    return read


def _said(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def load_rules(folder: Path) -> tuple[Rule, ...]:
    """Read every ``*.yaml`` in *folder*, in order of name.

    Raises:
        RulesError: With all mistakes of all files. Keep the rules that are in force.
    """
    mistakes: list[str] = []
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise RulesError([f"{folder}: no rule files; put at least one .yaml file there, or name another folder"])
    rules = [rule for path in files for rule in _rules_of(path, mistakes)]
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            again = f"rule '{rule.id}' stands in {other.file}:{other.line} too"
            mistakes.append(f"{rule.file}:{rule.line}: {again}; give one of them another id")
    if mistakes:
        raise RulesError(mistakes)
    return tuple(rules)


def compose(path: Path, mistakes: list[str]) -> yaml.Node | None:
    """The nodes of a YAML file; None, and a mistake noted, if it cannot be read."""
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        mistakes.append(f"{path}: cannot be read ({error.strerror}); make it readable")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        mistakes.append(
            f"{path}:{mark.line + 1 if mark else 1}: no YAML: {getattr(error, 'problem', error)}; mend the indentation or quotes there"
        )
    return None


def _rules_of(path: Path, mistakes: list[str]) -> Iterator[Rule]:
    root = compose(path, mistakes)
    if root is None:
        return
    top = Reader(path, root, mistakes, "the file")
    listed = top.take("rules", lambda _, node, __: node, needed="begin it with 'rules:' and a list of rules")
    top.done(["rules"])
    if isinstance(listed, yaml.SequenceNode):
        for node in listed.value:
            rule = _rule(Reader(path, node, mistakes, "a rule"), path)
            if rule is not None:
                yield rule
    elif listed is not None:
        mistakes.append(f"{path}:{listed.start_mark.line + 1}: rules is {_said(listed)}, but must be a list; put a dash before each rule")


def _rule(r: Reader, path: Path) -> Rule | None:
    before = len(r.mistakes)
    name = r.take("id", text, needed="give it a short name, such as 'id: airbase-under-attack'")
    r.what = f"rule '{name}'" if name else r.what
    title = r.take("title", text, needed="say in a few words what it looks for")
    severity = r.take("severity", words(get_args(Severity)), needed="set it to flash, urgent or routine")
    where, what = _match(r.inner("match"))
    threshold = _threshold(r.inner("threshold"))
    confirm = _confirm(r.inner("confirm")) if r.has("confirm") else None
    novelty = r.take("novelty", span)
    cooldown = r.take("cooldown", span, timedelta(0))
    max_age = r.take("max_age", span, timedelta(days=3))
    r.done(["id", "title", "severity", "match", "threshold", "confirm", "novelty", "cooldown", "max_age"])
    if len(r.mistakes) > before or not severity:
        return None
    return Rule(
        id=name, title=title, severity=severity[0], where=where, what=what, threshold=threshold, confirm=confirm,
        novelty=novelty, cooldown=cooldown, max_age=max_age, file=str(path), line=r.line,
    )  # fmt: skip


def _match(m: Reader) -> tuple[Where, What]:
    where = Where(
        place_kind=m.take("place_kind", words(PLACE_KINDS), ()),
        place=m.take("place", words(), ()),
        country=m.take("country", words(), ()),
        precision=m.take("precision", words(get_args(PlacePrecision)), ()),
    )
    what = What(
        type=m.take("type", words(KINETIC | STRATEGIC), ()),
        category=m.take("category", words(get_args(Category)), ("kinetic",)),
        family=m.take("family", words(get_args(Family)), ()),
        attacker=m.take("attacker", words(), ()),
        killed=m.take("killed", whole(1)),
    )
    m.done(["place_kind", "place", "country", "precision", "type", "category", "family", "attacker", "killed"])
    return where, what


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
