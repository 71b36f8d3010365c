"""Which of many rules an event may concern, without asking each: rules are filed under the narrowest of their place clauses."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from alerts.records import Rule
from alerts.rules.match import in_scope, names_of
from streams.records import Event


class Scopes:
    """The rules in force, by where they look.

    Args:
        rules: In the order in which they are to hear of an event.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._filed: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._anywhere: list[int] = []
        for number, rule in enumerate(rules):
            where = rule.where
            clauses = (("place", where.place), ("name", where.watch_list), ("country", where.country), ("kind", where.place_kind))
            clause, values = next(((c, v) for c, v in clauses if v), ("", ()))
            for value in values:
                self._filed[clause, value].append(number)
            if not values:
                self._anywhere.append(number)

    def concerned(self, event: Event) -> Iterable[Rule]:
        """The rules whose place clauses hold for *event*, in order."""
        place = event.place
        keys = [("place", place.id), ("country", place.country), ("kind", place.kind), *(("name", name) for name in names_of(place))]
        found = {number for key in keys for number in self._filed.get(key, ())}
        return [rule for number in sorted({*found, *self._anywhere}) if in_scope(event, (rule := self._rules[number]).where)]
