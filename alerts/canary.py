"""The canary: an article that no feed tells, through the whole river to a receiver that is nobody. Pure.

It is an exercise of its own feed, so that it meets no real report; only its own rule hears of it, and only the null receiver of that rule.
Who put it in and waits for it is `alerts.commands.canary`.
"""

from datetime import datetime

from alerts.records import Alert, Delivery, Notification, Receiver, Rule, Where
from streams.records import Article, Event, Mention, Withdrawn, digest

NAME = "tocsin-canary"
"""Of the rule, the receiver, and before the time in the name of its feed."""
RULE = Rule(id=NAME, title="Canary", severity="routine", where=Where(country=("PN",)))
RECEIVER = Receiver(id=NAME, channel="null")


def article(at: datetime) -> Article:
    """The canary of *at*: each is of a feed of its own, and so an event of its own."""
    name = f"{NAME}-{at:%Y%m%dt%H%M%S%f}"
    text = f"Rebels shelled Adamstown, Pitcairn Islands, on {at:%A}. Nobody did: this is a canary of Tocsin and no news."
    return Article(id=digest(name), feed=name, outlet="Tocsin", owner=NAME, title=None, text=text, published=at, fetched=at, sample=True)


def is_canary(feed: str | None) -> bool:
    """Whether an article of this feed is a canary."""
    return feed is not None and feed.startswith(f"{NAME}-")


def concerns(event: Event, rule: Rule) -> bool:
    """Whether *rule* may hear of *event*: canaries are for their own rule, and it for them."""
    return (rule.id == NAME) == event.key.startswith(f"exercise:{NAME}-")


def of(record: object) -> bool:
    """Whether a record of the river is a canary's, which nobody but its receiver hears of."""
    match record:
        case Alert():
            return record.rule == NAME
        case Notification():
            return record.receiver.id == NAME
        case Delivery():
            return record.receiver == NAME
        case Event() | Mention() | Withdrawn():
            return record.key.startswith(f"exercise:{NAME}-")
        case _:
            return False
