"""Rules that count events over time, through the stage `judge`: events in, alerts out."""

from datetime import datetime, timedelta
from typing import Any

from alerts.records import Alert, Match, Rule, Spike, What, Where
from alerts.rules.match import rule_key
from streams.records import Event
from tests.alerts.saying import DAY, HOUR, a_rule, a_verdict, again, alerts_of, at, happened, in_force, matched, tick, told, withdrawn
from tests.builders import t4

SURGE = "fighting-surges"


def counting(**changes: Any) -> Rule:
    """Six events in a day, in a country."""
    spike = changes.pop("spike", Spike(within=DAY, events=6, over=28 * DAY, cold_start=12))
    return a_rule(**{"id": SURGE, "where": Where(), "novelty": None, "by": "country", "spike": spike, **changes})


def somewhere(number: int, when: datetime, **changes: Any) -> Match:
    """An event at one of many places of one country."""
    event = happened(f"{number} at {when}", when, place=t4(id=f"site:{number}"), **changes)
    return of(event)


def of(event: Event) -> Match:
    return Match(rule=SURGE, rule_key=rule_key(event, "country"), event=event)


def many(number: int, when: datetime, *, over: timedelta = 12 * HOUR) -> list[Match]:
    return [somewhere(i, when + i * over / number) for i in range(number)]


def quiet_month() -> list[Match]:
    """One event every third day."""
    return [somewhere(100 + i, at(-30 + 3 * i)) for i in range(10)]


def said(*log: Any, rule: Rule | None = None) -> list[Alert]:
    return alerts_of(log, rule or counting())


def test_six_places_in_a_day_after_a_quiet_month_are_one_alert_that_says_what_is_usual() -> None:
    [alert] = said(*quiet_month(), *many(6, at(0)))
    assert alert.surge == alert.reason.text == "6 events in 24 h in Syria; usual are 0.3"
    assert alert.change == "new"


def test_five_are_not_enough() -> None:
    assert said(*quiet_month(), *many(5, at(0))) == []


def test_where_nothing_is_known_yet_twelve_are_needed() -> None:
    assert said(*many(11, at(0))) == []
    [alert] = said(*many(12, at(0)))
    assert alert.surge == "12 events in 24 h in Syria; what is usual here is not known yet"


def test_a_surge_that_goes_on_is_one_alert_and_speaks_again_when_it_has_doubled() -> None:
    made = said(*quiet_month(), *many(6, at(0)), *many(5, at(0.52)), tick(at(0.8)))
    assert told(made) == ["new"]
    made = said(*quiet_month(), *many(6, at(0)), *many(7, at(0.52)))
    assert told(made) == ["new", "update"]
    assert made[1].differences == ("SURGE GROWS: 12 events in 24 h, 6 when last said",)
    assert made[1].id == made[0].id


def test_growth_within_the_cooldown_is_said_when_that_ends() -> None:
    made = said(*quiet_month(), *many(14, at(0)), tick(at(0.9)), tick(at(1.5)), rule=counting(cooldown=12 * HOUR))
    assert told(made) == ["new", "update"]
    assert made[1].at >= made[0].at + 12 * HOUR


def test_a_burst_does_not_raise_its_own_baseline() -> None:
    long = [m for day in range(10) for m in many(8, at(day))]
    made = said(*quiet_month(), *long, *many(8, at(13)))
    assert told(made) == ["new", "new"]
    assert made[1].surge == "6 events in 24 h in Syria; usual are 0.3"


def test_a_surge_after_the_last_one_is_over_is_a_new_alert() -> None:
    made = said(*quiet_month(), *many(6, at(0)), *many(6, at(5)))
    assert told(made) == ["new", "new"]
    assert len({a.id for a in made}) == 2


def test_any_order_of_arrival_tells_of_the_same_surge() -> None:
    events = [m.event for m in many(8, at(0))]
    late = [happened_again(e, at(0.6)) for e in events]
    for order in (late, late[::-1], late[4:] + late[:4]):
        made = said(*quiet_month(), *map(of, order))
        assert told(made) == ["new"], order


def happened_again(event: Event, when: datetime) -> Event:
    """The same, told of at *when*."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Event(**{**fields, "at": when, "first_reported": when, "last_reported": when})


def test_events_that_are_withdrawn_take_the_alert_back() -> None:
    surge = many(6, at(0))
    gone = [of(withdrawn(m.event, at(0.7))) for m in surge[:3]]
    made = said(*quiet_month(), *surge, *gone)
    assert told(made) == ["new", "retraction"]
    assert made[1].differences == ("RETRACTED: only 5 of the events stand",)


def test_reported_again_it_comes_back_under_its_id() -> None:
    surge = many(6, at(0))
    last = surge[-1].event
    gone = withdrawn(last, at(0.7))
    made = said(*quiet_month(), *surge, of(gone), of(again(gone, at(0.8), owners=1, articles=1)))
    assert told(made) == ["new", "retraction", "correction"]
    assert [a.revision for a in made] == [1, 2, 3]
    assert made[2].differences[0].startswith("REPORTED AGAIN")


def test_dismissed_events_do_not_count() -> None:
    surge = many(6, at(0))
    assert said(*quiet_month(), *surge[:5], a_verdict(surge[0].event, at(0.5)), surge[5]) == []


def test_events_of_another_kind_do_not_count() -> None:
    rule = counting(what=What(type=("chemical_weapon",)))
    assert said(*quiet_month(), *many(6, at(0)), rule=rule) == []


def test_history_that_comes_late_alerts_nobody_but_makes_what_is_usual() -> None:
    old = [somewhere(i, at(-30 + i / 8), told=at(0)) for i in range(230)]
    assert said(*old) == []
    assert said(*old, *many(12, at(0))) == []


def test_a_fixed_number_needs_no_history() -> None:
    assert told(said(*many(6, at(0)), rule=counting(spike=Spike(within=DAY, events=6)))) == ["new"]


def test_by_place_each_place_is_counted_by_itself() -> None:
    rule = counting(by="place", spike=Spike(within=DAY, events=3))
    here = [happened(f"here {i}", at(0, i)) for i in range(3)]
    there = [happened(f"there {i}", at(0, i), place=t4(id="site:k1")) for i in range(2)]
    made = alerts_of([matched(e, rule=SURGE) for e in (*here, *there)], rule)
    assert [a.surge for a in made] == ["3 events in 24 h in T4 (Tiyas) airbase"]


def test_a_rule_out_of_force_takes_back_and_says_nothing_new() -> None:
    surge = many(6, at(0))
    gone = [of(withdrawn(m.event, at(0.7))) for m in surge]
    assert told(said(*quiet_month(), *surge, in_force(), *gone)) == ["new", "retraction"]
    assert said(*quiet_month(), *surge[:5], in_force(), surge[5]) == []


def test_what_a_rule_on_trial_says_is_marked() -> None:
    [alert] = said(*quiet_month(), *many(6, at(0)), rule=counting(shadow=True))
    assert alert.shadow
