"""Alerts whose whole message is kept as a golden file: each a situation in which an officer must not be misled."""

from datetime import UTC, datetime, timedelta

from alerts.records import Alert, Reason
from tests.builders import PARTS, PUBLISHED, a_claim, a_country, a_day, a_passage, an_alert, an_event, isis, palmyra

DENIAL = "The airport works as usual and talk of its fall is false, an army source told the agency."
LATER = PUBLISHED + timedelta(hours=5, minutes=5)


def first_report() -> Alert:
    past = a_passage(article="a0", quote="The group first took the town in May 2015.", status="historical")
    return an_alert(event=an_event(background=(past,)), last_event="TOC-2016-B2C3D", last_event_at=datetime(2016, 5, 24, tzinfo=UTC))


def update_with_denial() -> Alert:
    said = a_passage(
        article="a2", outlet="Daily Courier", source="SANA", owner="sana", published=LATER, quote=DENIAL, status="denied",
        url="https://courier.example/2016/12/13/airport",
    )  # fmt: skip
    before = an_event()
    event = an_event(
        revision=2, at=LATER, last_reported=LATER, disputed=True, articles=3, owners=2, evidence=(*before.evidence, said), confidence=0.9,
        claims=(*before.claims, a_claim("control", "attack repelled", "SANA (in Daily Courier)", quote=DENIAL, article="a2")),
    )  # fmt: skip
    return an_alert(
        revision=2, change="update", event=event, stage="confirmed",
        differences=("SANA DENIES loss of the base", "2 independent sources, was 1"),
        reason=Reason(code="contradiction", text="a claim about control is contradicted"),
    )  # fmt: skip


def retraction() -> Alert:
    why = Reason(code="retraction", text="no source says so any more")
    return an_alert(revision=3, change="retraction", at=LATER, reason=why, differences=("RETRACTED: no source says so any more",))


def correction() -> Alert:
    before = an_event()
    event = an_event(revision=2, at=LATER, place=palmyra(precision="near", radius_km=10), claims=before.claims[:1])
    return an_alert(
        revision=2, change="correction", event=event, number=before.number,
        differences=("Place corrected: near Palmyra, was T4 airbase",), stage=None, quiet_days=None,
    )  # fmt: skip


def exercise() -> Alert:
    return an_alert(event=an_event(sample=True), severity="flash")


def disputed_casualties() -> Alert:
    claims = (
        a_claim("happened", "yes", "ARA News", "SANA"),
        a_claim("killed", "at least 23", "ARA News", "Orient", "Halab Today"),
        a_claim("killed", "3", "SANA", article="a2"),
        a_claim("attacker", "Islamic State", "ARA News"),
    )
    evidence = (
        a_passage(),
        a_passage(article="a2", outlet="SANA", owner="sana", quote="Three soldiers fell in the attack."),
        a_passage(article="a3", outlet="Orient", owner="orient", quote="At least 23 soldiers were killed."),
        a_passage(article="a4", outlet="Halab Today", owner="halab today", quote="A monitor counted at least 23 dead soldiers."),
    )
    event = an_event(
        claims=claims, evidence=evidence, killed=(3, None), disputed=True, owners=4, articles=6, confidence=0.97, losses=None,
        type="air_drone_strike", family="air", actors=(isis(name="Russia", id="russia", named=None),), weapons=(),
    )  # fmt: skip
    return an_alert(event=event, rule="mass-casualties", stage=None, quiet_days=None, severity="flash")


def only_a_country() -> Alert:
    quote = "Rockets landed somewhere in Syria on Monday, the ministry said."
    event = an_event(
        place=a_country(), type="shelling_artillery_missile_attack", family="indirect", actors=(), weapons=("rockets",), losses=None,
        claims=(a_claim("happened", "yes", "the ministry", quote=quote),),
        evidence=(a_passage(quote=quote, outlet=None, source="the ministry", owner="the ministry"),),
    )  # fmt: skip
    return an_alert(event=event, rule="missiles", stage=None, quiet_days=None, severity="routine")


def no_time_at_all() -> Alert:
    event = an_event(
        occurred=None, claims=(), evidence=(a_passage(quote=PARTS),), losses=None, killed=(12, 15), injured=(40, None), confidence=0.0
    )
    return an_alert(event=event, confirm_by=PUBLISHED, at=LATER)


def town_taken() -> Alert:
    event = an_event(
        place=palmyra(), type="non_state_actor_overtakes_territory", occurred=a_day(day=11), owners=3, articles=9, confidence=0.99,
        losses=None,
        claims=(a_claim("happened", "yes", "ARA News", "Al-Manar"), a_claim("control", "taken", "ARA News", "Al-Manar", "El Heraldo")),
    )  # fmt: skip
    return an_alert(event=event, rule="town-taken", stage="confirmed", severity="flash", quiet_days=14)


def attacked_and_denied() -> Alert:
    claims = (
        a_claim("happened", "yes", "ARA News", "Orient"),
        a_claim("happened", "no", "SANA", quote=DENIAL, article="a2"),
        a_claim("attacker", "Islamic State", "ARA News"),
        a_claim("attacker", "Army of Conquest", "Orient", article="a3"),
    )
    denial = a_passage(article="a2", outlet="SANA", owner="sana", quote=DENIAL, status="denied")
    event = an_event(claims=claims, evidence=(a_passage(), denial), disputed=True, owners=2, articles=3)
    return an_alert(event=event, stage=None)


CASES = {
    made.__name__: made
    for made in (
        first_report, update_with_denial, retraction, correction, exercise, disputed_casualties, only_a_country, no_time_at_all, town_taken,
        attacked_and_denied,
    )
}  # fmt: skip
