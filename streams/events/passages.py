"""Which quotes an event shows: mentions in, a few passages out. A function of the set, counted on with each mention."""

from bisect import bisect_left, insort

from streams.events.clusters import Order
from streams.records import Evidence, Mention

MOST_PASSAGES = 60

Rank = tuple[bool, bool, Order]
"""Whether it is current, whether it brings no new owner or status, and its place in the order of report: the least stay."""


class Passages:
    """The quotes, each once an article, in order of report.

    Of more than 60 denials stay, then those that bring a new owner or status, then the earliest: an event that a thousand
    articles tell is not written a thousand times with a thousand quotes.
    """

    def __init__(self) -> None:
        self._quoted: dict[tuple[str, str], Order] = {}
        """By article and quote: where it is first reported."""
        self._mentions: dict[Order, Mention] = {}
        self._firsts: dict[tuple[str, str], Order] = {}
        """By owner and status: the first passage of it."""
        self._ranked: list[Rank] = []
        self._shown: dict[Order, Evidence] = {}
        self._written: tuple[Evidence, ...] | None = ()

    def add(self, mention: Mention, order: Order) -> None:
        """Take in the passage of *mention*, unless the same article is quoted so already, and earlier."""
        quote = mention.article, mention.evidence.quote
        known = self._quoted.get(quote)
        if known is not None:
            if known < order:
                return
            self._drop(known)
        self._quoted[quote] = order
        self._mentions[order] = mention
        voice = mention.owner, mention.status
        first = self._firsts.get(voice)
        if first is not None and first < order:
            self._rank((mention.current, True, order))
            return
        if first is not None:
            self._unrank((mention.current, False, first))
            self._rank((mention.current, True, first))
        self._firsts[voice] = order
        self._rank((mention.current, False, order))

    def _drop(self, order: Order) -> None:
        mention = self._mentions.pop(order)
        voice = mention.owner, mention.status
        if self._firsts[voice] != order:
            self._unrank((mention.current, True, order))
            return
        self._unrank((mention.current, False, order))
        del self._firsts[voice]
        others = [o for o, m in self._mentions.items() if (m.owner, m.status) == voice]
        if others:
            self._firsts[voice] = min(others)
            self._unrank((mention.current, True, min(others)))
            self._rank((mention.current, False, min(others)))

    def _rank(self, rank: Rank) -> None:
        insort(self._ranked, rank)
        if len(self._ranked) <= MOST_PASSAGES or rank <= self._ranked[MOST_PASSAGES - 1]:
            self._written = None

    def _unrank(self, rank: Rank) -> None:
        del self._ranked[bisect_left(self._ranked, rank)]
        self._written = None

    def chosen(self) -> tuple[Evidence, ...]:
        """The passages that stay, in order of report."""
        if self._written is None:
            orders = sorted(order for _, _, order in self._ranked[:MOST_PASSAGES])
            self._shown = {o: self._shown.get(o) or passage(self._mentions[o]) for o in orders}
            self._written = tuple(self._shown.values())
        return self._written


def passage(m: Mention) -> Evidence:
    """What a mention says, as an event shows it."""
    published = m.published if m.dated else None
    return Evidence(
        article=m.article, outlet=m.outlet, published=published, quote=m.evidence.quote, source=m.source, owner=m.owner,
        status=m.status, url=m.url, start=m.evidence.start, end=m.evidence.end,
    )  # fmt: skip
