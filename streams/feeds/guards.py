"""What is let through to the parsers: a document as it came goes in, well-behaved UTF-8 XML or JSON comes out, or a refusal in words.

One pass over the bytes, linear in their number. It refuses what makes parsers hang or grow, cuts what is too long, closes what was
cut short, and mends what parsers silently drop words over (text with tags between it, undefined entities).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.entities import html5

from streams.feeds.encodings import to_utf8

MAX_BYTES = 8 * 1024 * 1024
"""Of a document, decompressed. The largest feed in a corpus of 200 had 5 MB."""
MAX_DEPTH = 256
"""Of elements. feedparser needs 6.5 s for 100,000; feeds have 12."""
MAX_ITEMS = 5_000
"""The rest is not read; 100,000 entries kill feedparser."""
MAX_TAGS = 300_000
"""Tags, comments and the like, CDATA not counted: 5,000 entries of 60. The pass here takes up to 10 microseconds for each."""
MAX_ATTRIBUTES = 200
"""Of one tag: readers need the square of it (feedparser 2 s for 10,000)."""
MAX_FIELD = 256 * 1024
"""Bytes of one piece of text; longer ones are cut."""
MAX_AUTHOR = 1024
"""Bytes; feedparser searches authors in the square of their length (20 KB: 3 s), its issue 562."""

AUTHORS = frozenset({b"author", b"creator", b"managingeditor", b"webmaster", b"publisher", b"contributor", b"name", b"email", b"owner"})
ITEMS = frozenset({b"item", b"entry"})
ROOTS = frozenset({b"rss", b"feed", b"rdf", b"channel"})
WORDS = frozenset({b"title", b"description", b"summary", b"encoded", b"content", b"subtitle", b"tagline"})
"""Fields of text, where a tag belongs to the text and not to the feed."""
PAGES = frozenset({b"html", b"head", b"body", b"meta", b"script"})
MAX_PREFACE = 16 * 1024
"""Bytes within which a feed must begin after something else, such as the warnings of a publisher's own software."""

_NAME = re.compile(rb"[A-Za-z_:\x80-\xff][^\s/<>=\"']*")
_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
_STOP = re.compile(rb"[\"'>]")
_XHTML = re.compile(rb"""\stype\s{0,9}=\s{0,9}["'](?:xhtml|application/xhtml\+xml)["']""", re.IGNORECASE)
_AMPERSAND = re.compile(rb"&(?:#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{1,31});)?")
_OWN_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})

Rewriter = Callable[[bytes], bytes]


class RefusedDocumentError(ValueError):
    """A document that is not read; the message says why in words for whoever keeps the list of feeds."""


@dataclass(frozen=True)
class Admitted:
    """A document that can be given to a parser.

    Attributes:
        document: UTF-8; XML from its first element to its last, without declaration or DOCTYPE, or JSON as it came.
        warning: What of it is not all there; None if it is whole.
    """

    document: bytes
    json: bool = False
    warning: str | None = None


def admit(document: bytes, *, content_type: str | None = None, rewrite: Mapping[bytes, Rewriter] | None = None) -> Admitted:
    """Let a document through, mended where it can be.

    Args:
        content_type: The HTTP header, for its charset.
        rewrite: What to make of the content of elements, by their local name in lower case.

    Raises:
        RefusedDocumentError: It is no feed, or one that would hurt.
    """
    if len(document) > MAX_BYTES:
        raise RefusedDocumentError(f"the document has {len(document):,} bytes, more than the {MAX_BYTES:,} that are read")
    document = to_utf8(document, content_type)
    head = document[:256].lstrip()
    if not document.strip(b" \t\r\n\0"):
        raise RefusedDocumentError("the document is empty")
    if head.startswith((b"{", b"[")):
        return Admitted(document.strip(), json=True)
    scan = _Scan(document, rewrite or {})
    scan.run()
    return scan.result()


@dataclass
class _Open:
    """An element that is not closed yet."""

    name: bytes
    local: bytes
    start: int
    content: int


@dataclass
class _Scan:
    """One pass over a document. ``edits`` are (start, end, new bytes), in order, never overlapping."""

    document: bytes
    rewrite: Mapping[bytes, Rewriter]
    stack: list[_Open] = field(default_factory=list)
    edits: list[tuple[int, int, bytes]] = field(default_factory=list)
    tags: int = 0
    items: int = 0
    root: int | None = None
    end: int | None = None
    warning: str | None = None
    missing: set[bytes] = field(default_factory=set)
    """What is not to be found any more from here on: looked for once, so that the pass stays linear."""

    def run(self) -> None:
        position = 0
        while self.end is None:
            tag = self.document.find(b"<", position)
            self._text(position, tag if tag >= 0 else len(self.document))
            if tag < 0:
                self._cut(len(self.document), "the document ends before its last element does: it was cut short")
            else:
                position = self._markup(tag)

    def result(self) -> Admitted:
        if self.root is None or self.end is None:
            raise RefusedDocumentError("there is no feed in the document: it has no RSS or Atom element")
        pieces, position = [], self.root
        for start, end, new in self.edits:
            if start >= position and end <= self.end:
                pieces += [self.document[position:start], new]
                position = end
        pieces.append(self.document[position : self.end])
        pieces += [b"</" + element.name + b">" for element in reversed(self.stack)]
        return Admitted(b"".join(pieces), warning=self.warning)

    def _markup(self, at: int) -> int:
        """Pass over what starts with ``<`` at *at*; answer where to go on."""
        self.tags += 1
        if self.tags > MAX_TAGS:
            raise RefusedDocumentError(f"the document has more than {MAX_TAGS:,} tags; no feed needs that")
        document = self.document
        if document.startswith(b"<!--", at):
            return self._words_of(at) or self._past(at + 4, b"-->", at)
        if document.startswith(b"<![CDATA[", at):
            end = self._past(at + 9, b"]]>", at)
            if self.end is None and end - at - 12 > self._cap():
                self.edits.append((at + 9, end - 3, _cut_text(document[at + 9 : at + 9 + self._cap()])))
            return end
        if document.startswith(b"<?", at):
            return self._past(at + 2, b"?>", at)
        if document.startswith(b"<!", at):
            return self._declaration(at)
        if document.startswith(b"</", at):
            return self._close(at)
        name = _NAME.match(document, at + 1, at + 200)
        if name is None:
            self.edits.append((at, at + 1, b"&lt;"))
            return at + 1
        return self._words_of(at) or self._open(at, name[0])

    def _declaration(self, at: int) -> int:
        head = self.document[at : at + 40].lower()
        if head.startswith(b"<!entity"):
            raise RefusedDocumentError("the document declares entities of its own (<!ENTITY): no feed needs that, and attacks do")
        if head.startswith(b"<!doctype") and head[9:].split()[:1] and head[9:].split()[0].startswith(b"html") and self.root is None:
            raise RefusedDocumentError(_PAGE)
        return at + 2

    def _open(self, at: int, name: bytes) -> int:
        end, attributes = self._tag_end(at + 1 + len(name))
        if end is None:
            return self._cut(at, "the document ends within a tag: it was cut short")
        if attributes > MAX_ATTRIBUTES:
            raise RefusedDocumentError(f"the tag <{_show(name)}> has {attributes:,} attributes; more than {MAX_ATTRIBUTES} are not read")
        local = name.rpartition(b":")[2].lower()
        if self.root is None:
            if local not in ROOTS:
                return self._preface(at, name, local)
            self.root = at
            self.edits.clear()
        if local in ITEMS:
            self.items += 1
            if self.items > MAX_ITEMS:
                return self._cut(at, f"the document has more than {MAX_ITEMS:,} entries; the rest was not read")
        if self.document[end - 2 : end] == b"/>":
            if not self.stack:
                self.end = end
            return end
        self.stack.append(_Open(name, local, at, end))
        if len(self.stack) > MAX_DEPTH:
            raise RefusedDocumentError(f"elements lie more than {MAX_DEPTH} deep in each other; no feed needs that")
        return end

    def _preface(self, at: int, name: bytes, local: bytes) -> int:
        """Where the feed begins after something else."""
        if local in PAGES:
            raise RefusedDocumentError(_PAGE)
        if feed := _ROOT.search(self.document, at + 1, at + MAX_PREFACE):
            return feed.start()
        raise RefusedDocumentError(f"this is no feed: its first element is <{_show(name)}>, not <rss>, <feed> or <rdf:RDF>")

    def _tag_end(self, position: int) -> tuple[int | None, int]:
        """Where the tag ends, and how many attributes it has at most; a ``>`` between quotes does not end it."""
        start = position
        first = self.document.find(b">", position)
        while stop := _STOP.search(self.document, position):
            if stop[0] == b">":
                return stop.end(), self.document.count(b"=", start, stop.end())
            quote = self._find(stop[0], stop.end())
            if quote < 0:
                break
            position = quote + 1
        return (first + 1, self.document.count(b"=", start, first)) if first >= 0 else (None, 0)

    def _close(self, at: int) -> int:
        end = self._find(b">", at)
        if end < 0:
            return self._cut(at, "the document ends within a tag: it was cut short")
        name = self.document[at + 2 : end].strip()
        depth = next((i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i].name == name), None)
        if depth is None:
            self.edits.append((at, end + 1, b""))
            return end + 1
        element = self.stack[depth]
        if unclosed := self.stack[depth + 1 :]:
            self.edits.append((at, at, b"".join(b"</" + e.name + b">" for e in reversed(unclosed))))
        del self.stack[depth:]
        self._content(element, at)
        if not self.stack:
            self.end = end + 1
        return end + 1

    def _content(self, element: _Open, end: int) -> None:
        """Judge the whole content of an element that closes at *end*."""
        rewrite = self.rewrite.get(element.local)
        if rewrite is not None and end - element.content <= MAX_AUTHOR:
            self._replace(element.content, end, rewrite(self.document[element.content : end]))
        elif element.local in AUTHORS and end - element.content > MAX_AUTHOR:
            self._replace(element.content, end, b"")

    def _words_of(self, at: int) -> int | None:
        """Where a tag or comment stands in a field of text, take the field as one piece of text, tags and all."""
        top = self.stack[-1] if self.stack else None
        if (
            top is None
            or top.local not in WORDS
            or (top.local == b"content" and b":" in top.name and not top.name.startswith((b"atom:", b"a10:")))
        ):
            return None
        if _XHTML.search(self.document, top.start, top.content):
            return None
        end = self._find(b"</" + top.name, at)
        if end < 0:
            return None
        raw = self.document[top.content : end].replace(b"<![CDATA[", b"").replace(b"]]>", b"")
        self._replace(top.content, end, b"<![CDATA[" + _cut_text(raw[:MAX_FIELD]) + b"]]>")
        return end

    def _text(self, start: int, end: int) -> None:
        """Judge the text between two tags."""
        if end - start > self._cap():
            self.edits.append((start, end, _mend(_cut_text(self.document[start : start + self._cap()]))))
        elif self.document.find(b"&", start, end) >= 0:
            text = self.document[start:end]
            if (mended := _mend(text)) != text:
                self.edits.append((start, end, mended))

    def _cap(self) -> int:
        return MAX_AUTHOR if self.stack and self.stack[-1].local in AUTHORS else MAX_FIELD

    def _past(self, position: int, mark: bytes, at: int) -> int:
        end = self._find(mark, position)
        return end + len(mark) if end >= 0 else self._cut(at, "the document ends within a piece of text or a comment: it was cut short")

    def _find(self, mark: bytes, position: int) -> int:
        if mark in self.missing:
            return -1
        found = self.document.find(mark, position)
        if found < 0:
            self.missing.add(mark)
        return found

    def _replace(self, start: int, end: int, new: bytes) -> None:
        """Put *new* there, in place of all that was to be done within."""
        del self.edits[bisect_left(self.edits, (start,)) :]
        self.edits.append((start, end, new))

    def _cut(self, at: int, why: str) -> int:
        """End the document at *at*, or before the entry that is not whole there: half an article is worse than its next poll."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index].local in ITEMS:
                at = self.stack[index].start
                del self.stack[index:]
                break
        self.end, self.warning = at, why
        self.edits = [edit for edit in self.edits if edit[1] <= at]
        return len(self.document)


_PAGE = "this is a web page, not a feed: open the address in a browser and look for the address of its RSS"


def _show(name: bytes) -> str:
    return name[:40].decode("utf-8", "replace")


def _cut_text(text: bytes) -> bytes:
    """Leave off a character or an entity that was cut through."""
    text = text.decode("utf-8", "ignore").encode()
    ampersand = text.rfind(b"&", -12)
    return text[:ampersand] if ampersand >= 0 and text.find(b";", ampersand) < 0 else text


def _mend(text: bytes) -> bytes:
    """Make every ``&`` one that XML knows: HTML's entities become their characters, a stray one ``&amp;``."""
    return _AMPERSAND.sub(_entity, text)


def _entity(match: re.Match[bytes]) -> bytes:
    number, name = match[1], match[2]
    if number is not None:
        value = int(number[1:], 16) if number[:1] in b"xX" else int(number)
        return match[0] if value in (9, 10, 13) or 32 <= value < 0xD800 or 0xE000 <= value < 0x110000 else b" "
    if name is None:
        return b"&amp;" + match[0][1:]
    if name.decode() in _OWN_ENTITIES:
        return match[0]
    character = html5.get(name.decode() + ";", "")
    return character.encode() if character and character not in "<>&\"'" else b"&amp;" + name + b";"
