"""The list of feeds: a TOML file goes in, feeds come out, or all its mistakes at once, each with its line."""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streams.errors import ExplainedError
from streams.records import Part

DEFAULT_SECONDS = 300
LEAST_SECONDS = 60
"""Between two questions to somebody else's server; a politeness that publishers expect. Internal feeds may be asked each second."""
MOST_SECONDS = 86_400
DEFAULT_TIMEOUT = 20.0
MOST_TIMEOUT = 120.0

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEADER = re.compile(r"\s*\[\[\s*feed\s*\]\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")


class Feed(Part, frozen=True, kw_only=True):
    """One feed, as configured."""

    name: str
    """Unique; small letters, digits and hyphens. Part of its articles' ids: a new name makes them new articles."""
    url: str
    outlet: str
    """Who publishes it, as officers should read it."""
    owner: str
    """Who stands behind the outlet: outlets of one owner count as one source."""
    every_seconds: int = DEFAULT_SECONDS
    sample: bool = False
    """An exercise: its articles are shown as such and count for nothing."""
    timeout_seconds: float = DEFAULT_TIMEOUT
    """For the whole answer."""
    allow_internal: bool = False
    """It may lie on this machine or in a private network."""


class FeedsError(ExplainedError, ValueError):
    """The list of feeds has mistakes; the message has one line for each: file:line, what is wrong, what to do."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Read the list of feeds.

    Raises:
        FeedsError: The file cannot be read or has mistakes; all of them are named.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise FeedsError([f"{path}: cannot be read ({error.strerror}); name a file of feeds, such as deploy/feeds.toml"]) from error
    except UnicodeDecodeError as error:
        raise FeedsError([f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8"]) from error
    return read_feeds(text, name=str(path))


def read_feeds(text: str, *, name: str) -> tuple[Feed, ...]:
    """The same from the file's text; *name* stands in the errors."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{name}:{line[1]}" if line else f"{name}:{text.count(chr(10)) + 1}"
        raise FeedsError([f"{where}: is not TOML: {error}; each feed is a [[feed]] with name, url and outlet, texts in quotes"]) from error
    mistakes = [f"{name}:1: {key!r} is not known here; each feed is a [[feed]]" for key in table if key != "feed"]
    rows = table.get("feed", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FeedsError([*mistakes, f"{name}:1: feed is not a list of tables; write [[feed]] with two brackets before each"])
    lines = _lines(text)
    feeds: list[Feed] = []
    first: dict[tuple[str, object], str] = {}
    for row, line_of in zip(rows, lines + [{}] * (len(rows) - len(lines)), strict=False):
        place = partial(_place, name, line_of)
        found = [f"{place(key)}: {what}" for key, what in _mistakes(row)] + _repeats(row, first, place)
        mistakes += found
        if not found:
            feeds.append(Feed(**{"owner": row["outlet"], **row}))
    if mistakes:
        raise FeedsError(mistakes)
    return tuple(feeds)


def _place(name: str, line_of: dict[str, int], key: str) -> str:
    """``file:line`` of a key, or of its feed where the key is not written."""
    return f"{name}:{line_of.get(key, line_of.get('', 1))}"


def _lines(text: str) -> list[dict[str, int]]:
    """For each [[feed]] the line of each of its keys; its own under ""."""
    feeds: list[dict[str, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if _HEADER.match(line):
            feeds.append({"": number})
        elif feeds and (key := _KEY.match(line)):
            feeds[-1].setdefault(key[1], number)
    return feeds


def _repeats(row: dict[str, Any], first: dict[tuple[str, object], str], place: Callable[[str], str]) -> list[str]:
    """What this feed has in common with an earlier one and may not."""
    found = []
    for key in ("name", "url"):
        value = row.get(key)
        if isinstance(value, str) and (earlier := first.setdefault((key, value), place(key))) != place(key):
            found.append(f"{place(key)}: {key} {value!r} is already used at {earlier}; give each feed its own")
    return found


def _mistakes(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong and what to do) for each mistake in one feed."""
    label = f"feed {row.get('name', '?')!r}: "
    kinds: dict[str, tuple[type, ...]] = {
        "name": (str,), "url": (str,), "outlet": (str,), "owner": (str,), "every_seconds": (int,), "sample": (bool,),
        "timeout_seconds": (int, float), "allow_internal": (bool,),
    }  # fmt: skip
    for key in ("name", "url", "outlet"):
        if key not in row:
            yield "", f'{label}{key} is missing; write {key} = "…"'
    for key, value in row.items():
        if key not in kinds:
            yield key, f"{label}{key} is not known; known are {', '.join(kinds)}"
        elif not isinstance(value, kinds[key]) or (isinstance(value, bool) and bool not in kinds[key]):
            yield key, f"{label}{key} is {value!r}, which is no {_KIND_NAMES[kinds[key][0]]}"
        elif problem := _problem(key, value, internal=row.get("allow_internal") is True):
            yield key, label + problem


_KIND_NAMES = {str: "text in quotes", int: "whole number", float: "number", bool: "true or false"}


def _problem(key: str, value: Any, *, internal: bool) -> str | None:
    """What is wrong with a value of the right type; None if nothing."""
    if key == "name" and not _NAME.fullmatch(value):
        return f"name {value!r} may only have small letters, digits and hyphens between them; write for example bbc-world"
    if key in ("outlet", "owner") and not value.strip():
        return f"{key} is empty; write who publishes the feed, as officers should read it"
    if key == "url" and (what := _url_problem(value)):
        shown = re.sub(r"//[^/\s]*@", "//(hidden)@", str(value))
        return f"url {shown!r} {what}; copy the whole address of the feed, from https:// on"
    least = 1 if internal else LEAST_SECONDS
    if key == "every_seconds" and not least <= value <= MOST_SECONDS:
        return f"every_seconds is {value}; take {least} to {MOST_SECONDS}"
    if key == "timeout_seconds" and not 0 < value <= MOST_TIMEOUT:
        return f"timeout_seconds is {value}; take more than 0, and at most {MOST_TIMEOUT:g}"
    return None


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https"):
        return "is not http or https"
    if not parts.hostname or re.search(r"\s", url):
        return "is no address"
    if parts.username or parts.password:
        return "holds a password, which would be logged"
    return None
