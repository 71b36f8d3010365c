"""One place worked out: its mentions in, occurrences out, and what a further mention changes. A function of the set of mentions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from streams.events.claims import NEGATIVE
from streams.events.clusters import Group, Groups, Site, nearest, opens, report_order, site
from streams.events.describe import Account
from streams.records import Mention


class Ground:
    """The occurrences at one place: the current mentions make them, the others are laid beside the nearest.

    Attributes:
        groups: The occurrences, in order.
        group_of: By mention, the occurrence that it is of or laid beside; without those that are of none.
        news: Mentions that came since, and are to be admitted.
        stale: Whether the place changed otherwise since, so that it must be worked out anew.
    """

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self.news: list[Mention] = []
        self.stale = False
        known = list(mentions)
        sites: dict[Site, list[Mention]] = {}
        for m in known:
            if m.current and (where := site(m)) is not None:
                sites.setdefault(where, []).append(m)
        self._sites = {where: Groups(sites[where]) for where in sorted(sites)}
        self.groups = [group for groups in self._sites.values() for group in groups]
        self.group_of = {i: group for group in self.groups for i in group.current}
        self._silent: list[datetime] = []
        """When the first and the last of the mentions that are not current were fetched."""
        for position, group in enumerate(self.groups):
            group.position = position
        for m in known:
            if not m.current:
                self._lay(m)

    def admit(self, mention: Mention) -> Group | None:
        """Take in a further mention, if it changes nothing for any other.

        Returns:
            Its group; None if it belongs to none, which is to be seen in `group_of` too.

        Raises:
            LaidAnewError: The place must be worked out anew, with this mention; do not use this ground any more.
        """
        if not mention.current:
            return self._lay(mention)
        order, where = report_order(mention), site(mention)
        groups = self._sites.get(where) if where else None
        group = groups.room_for(mention, order) if groups else None
        if groups is None or group is None or self._moves_silent(group, mention):
            raise LaidAnewError
        groups.add(mention, order, group)
        self.group_of[mention.id] = group
        if group.account is not None:
            group.account.add(mention, order)
        group.told = False
        return group

    def _moves_silent(self, group: Group, mention: Mention) -> bool:
        """Whether denials and background may lie nearer to *group*, or farther, once *mention* has joined it."""
        if not self._silent:
            return False
        return report_order(mention) < group.order or opens(group.earliest, group.latest, mention, self._silent)

    def _lay(self, m: Mention) -> Group | None:
        self._silent = [min(self._silent[0], m.fetched), max(self._silent[1], m.fetched)] if self._silent else [m.fetched, m.fetched]
        where = site(m)
        denied = nearest(m, self._sites[where]) if m.status in NEGATIVE and where in self._sites else None
        group = denied or nearest(m, self.groups)
        if group is None:
            return None
        (group.background if denied is None else group.denials)[m.id] = m
        self.group_of[m.id] = group
        if group.account is not None:
            (group.account.lay_beside if denied is None else group.account.add)(m, report_order(m))
        group.told = False
        return group

    def inherit(self, before: "Ground") -> None:
        """Take over what is known of groups that are here as they were there, or have only grown."""
        for group in self.groups:
            old = next((before.group_of[i] for i in group.current if i in before.group_of), None)
            if old is None:
                continue
            more = _grown(old, group)
            group.event, group.told = old.event, old.told and more is not None and not any(more)
            if old.account is not None:
                group.account, old.account = old.account, None
                if more is None:
                    group.account = group.account.recounted(group)
                else:
                    _count(group.account, *more)


class LaidAnewError(Exception):
    """A mention changes more than the group it joins."""


def _grown(old: Group, new: Group) -> Sequence[list[Mention]] | None:
    """The mentions that *new* has more than *old*: current, denials, background; None if it has not all of them."""
    more: list[list[Mention]] = []
    for before, after in ((old.current, new.current), (old.denials, new.denials), (old.background, new.background)):
        if any(after.get(i) is not m for i, m in before.items()):
            return None
        more.append([m for i, m in after.items() if i not in before])
    return more


def _count(account: Account, current: Iterable[Mention], denials: Iterable[Mention], background: Iterable[Mention]) -> None:
    for m in chain(current, denials):
        account.add(m, report_order(m))
    for m in background:
        account.lay_beside(m, report_order(m))
