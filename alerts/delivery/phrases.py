"""An event's place, type and answers in; the words that officers use for them out. The words themselves are in data/phrases.toml."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from alerts.delivery.assessment import CITED, disputes, owners
from alerts.delivery.formats import UNKNOWN, days
from streams.records import FACILITIES, Actor, Claim, Event, Place, Role


@cache
def phrases() -> dict[str, Any]:
    """The tables of data/phrases.toml."""
    return tomllib.loads(files("alerts.delivery").joinpath("data/phrases.toml").read_text(encoding="utf-8"))


def kind(place: Place) -> dict[str, Any]:
    """The words for the place's kind."""
    table: dict[str, dict[str, Any]] = phrases()["kinds"]
    return table.get(place.kind, table["other"])


def names(place: Place) -> tuple[str, str]:
    """Its name and the alias that officers use most, both without what the kind's noun says; "" without an alias."""
    suffixes = kind(place).get("suffixes", ())
    both = re.fullmatch(r"(.+?) \((.+)\)|(.+?) */ *(.+)", _core(place.name, suffixes))
    spelt = [*(part for part in both.groups() if part)] if both else [place.name]
    cores = [_core(name, suffixes) for name in (*spelt, *place.also)]
    other = [core for core in cores[1:] if _plain(core) != _plain(cores[0])]
    return cores[0], other[0] if other else ""


def _core(name: str, suffixes: list[str]) -> str:
    lower = name.casefold()
    cut = next((s for s in suffixes if lower.endswith(f" {s}")), "")
    return name[: len(name) - len(cut)].strip() if cut else name


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def called(place: Place, *, joined: str = " / ", alias: bool = True) -> str:
    """``T4 / Tiyas airbase``; *joined* "(" gives ``T4 (Tiyas) airbase``."""
    name, other = names(place)
    noun = kind(place).get("noun", "")
    if alias and other:
        name = f"{name} ({other})" if joined == "(" else f"{name}{joined}{other}"
    return name if not noun or _plain(name).endswith(_plain(noun)) else f"{name} {noun}"


def is_site(place: Place) -> bool:
    """Whether the place is one site and was itself the place, rather than something near it or around it."""
    return place.kind in FACILITIES and place.precision == "exact"


def located(place: Place) -> str:
    """``T4 (Tiyas) airbase, Homs, Syria``."""
    around = [part for part in (place.admin1, place.country_name or place.country) if part]
    return ", ".join(dict.fromkeys([called(place, joined="("), *around]))


def preposition(place: Place) -> str:
    """``near`` if no more is known; ``in`` an area, ``at`` a site."""
    if place.precision == "near":
        return "near"
    return "at" if place.kind in FACILITIES and place.precision == "exact" else "in"


def words(event: Event) -> dict[str, str]:
    """The phrases of the event's type, those for a site where it is one."""
    table = phrases()["types"][event.type]
    return {**table, **table.get("site", {})} if is_site(event.place) else table


def fill(phrase: str, event: Event) -> str:
    """Put the event's names into *phrase* and begin it with a capital."""
    place = event.place
    text = phrase.format(
        attacker=" and ".join(leading(event)),
        place=located(place) if place.precision != "near" else f"the area of {located(place)}",
        where=f"{preposition(place)} {located(place)}",
        sort=kind(place)["sort"],
        short=kind(place)["short"],
    )
    return text[:1].upper() + text[1:]


def happening(event: Event) -> str:
    """Who did what to what, where, when: ``Islamic State attacked T4 (Tiyas) airbase, Homs, Syria, 12 DEC 16``."""
    text = fill(words(event)["active" if leading(event) else "passive"], event)
    return f"{text}, {days(event.occurred) or f'date {UNKNOWN}'}"


def label(event: Event) -> str:
    """The type by its name in ACLED's codebook: ``air/drone strike``."""
    return words(event).get("label", event.type.replace("_", " "))


def leading(event: Event) -> list[str]:
    """The attackers that the first sentence may name: those whom most groups name, and who are not as well the target.

    None where that is disputed, or leaves more than two: who is named beside an attack is often on the other side.
    """
    support = {claim.answer: len(owners(event, claim)) for claim in event.claims if claim.question == "attacker"}
    named = actors(event, "attacker")
    most = max((support.get(name, 0) for name in named), default=0)
    named = [name for name in named if support.get(name, 0) == most]
    alone = [name for name in named if name not in actors(event, "target")] or named
    return [] if len(alone) > 2 or "attacker" in disputes(event) else alone


def actors(event: Event, role: Role) -> list[str]:
    """Names of those who had *role*, each once."""
    return list(dict.fromkeys(actor.name for actor in event.actors if actor.role == role))


def introduced(actor: Actor) -> str:
    """``Islamic State (as "ISIS")``: the words of the text beside the name where they differ."""
    return f'{actor.name} (as "{actor.named}")' if actor.named and actor.named.casefold() != actor.name.casefold() else actor.name


def speaker(name: str) -> str:
    """``a military source, in ARA News``: whose word it is, to stand within brackets."""
    cited = CITED.fullmatch(name)
    return f"{cited['source']}, in {cited['outlet']}" if cited else name


def question(claim: Claim, event: Event) -> str:
    """``Who holds the base?``"""
    return str(phrases()["questions"][claim.question]).format(short=kind(event.place)["short"], noun=words(event)["noun"])


def answer(claim: Claim) -> str:
    """``PARTS TAKEN``; a count or a name as it is."""
    known = phrases()["answers"].get(claim.answer.casefold())
    if known:
        return str(known["word"])
    return claim.answer.replace("_", " ").upper() if claim.question in {"happened", "control"} else claim.answer


def said(claim: Claim, event: Event) -> str:
    """``parts of the base were taken``, to stand after "one source says"; "" where the answer is no known one."""
    known = phrases()["answers"].get(claim.answer.casefold(), {})
    return str(known.get("says", "")).format(short=kind(event.place)["short"])


def disputed(question_name: str) -> str:
    """``CONTROL DISPUTED``."""
    return str(phrases()["disputes"][question_name])
