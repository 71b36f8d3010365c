"""What rules may name and detection can say: a rule that waits for a name nobody ever says would keep still for good."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from alerts.records import Rule, What
from alerts.rules.load import meant
from streams.detection import actors, lexicon
from streams.detection.gazetteer import FOLDER, Gazetteer

LISTED = "docs/rules.md says where the names stand"


def unknown_names(rules: Sequence[Rule], *, gazetteer: Path | None = None, sites: Path | None = None) -> list[str]:
    """Every mistake: actors, weapons and countries in *rules* that detection does not know, each with where, and what may be meant."""
    people = lexicon.actor_ids() | {name for _, name, _, _ in actors.GENERIC}
    named = [(rule, clause, name) for rule in rules for clause, name in _named(rule)]
    countries = _countries(gazetteer, sites) if any(clause == "country" for _, clause, _ in named) else frozenset()
    of = {"attacker": people, "target": people, "weapon": lexicon.weapon_names(), "country": countries}
    return [
        f"{rule.file}:{rule.line}: rule '{rule.id}': {clause} '{name}' is nothing that detection says{meant(name, of[clause], LISTED)}"
        for rule, clause, name in named
        if name not in of[clause]
    ]


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from (("country", code) for code in rule.where.country)
    waited = (rule.after.what, rule.after.unless) if rule.after else ()
    for what in (rule.what, *waited):
        if isinstance(what, What):
            yield from ((clause, name) for clause in ("attacker", "target", "weapon") for name in getattr(what, clause))


def _countries(folder: Path | None, sites: Path | None) -> frozenset[str]:
    return frozenset(Gazetteer.load(folder or FOLDER, extra=sites).countries)
