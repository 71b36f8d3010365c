"""Builders of feed documents for tests."""

from collections.abc import Sequence


def rss(*items: str, channel: str = "<title>Frontline Wire</title><link>https://wire.example.org/</link>") -> bytes:
    """An RSS 2.0 document of these items' inner XML."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel>{channel}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"
    ).encode()


def item(number: int = 1, *, title: str = "Shells fall on the depot", text: str = "Three shells fell.", date: str | None = None) -> str:
    """One entry's inner XML."""
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f'<title>{title}</title><link>https://wire.example.org/{number}</link><guid isPermaLink="false">wire-{number}</guid>'
        f"<description>{text}</description>{dated}"
    )


def numbered(numbers: Sequence[int], **fields: str) -> bytes:
    """A document of entries with these numbers."""
    return rss(*(item(number, title=f"Report {number}", text=f"What happened, part {number}.", **fields) for number in numbers))
