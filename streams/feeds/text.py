"""The words of an entry: a feed's HTML goes in, clean plain text comes out, with its paragraphs kept."""

import html
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_CHARACTERS = 256 * 1024
"""Of one field. A long book chapter; the longest news texts have 100,000."""
MAX_TAGS = 5_000
"""Above it tags are cut out by a plain scan: walking a tree costs the square of its depth (300,000 levels: 6 minutes)."""
MAX_TAG_LENGTH = 8_192
"""Characters. Reading one tag costs the square of its attributes (100,000: 18 s)."""

BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2"}
    | {"h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)
SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "head", "title", "textarea", "select", "button"})
"""Elements whose content no reader sees."""

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""C0 and C1 without tab and newline, soft hyphens, zero-width and bidirectional controls, lone surrogates, tag characters:
invisible, and able to make a name look like another or to hide it from the gazetteer."""
_TAG = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"[^\S\n]*\n(?:[^\S\n]*\n)+[^\S\n]*")
_LINES = re.compile(r"[^\S\n]*\n[^\S\n]*")
_PARAGRAPH = "\n\n"


def plain_text(markup: str | None) -> str:
    """Take the text out of a field: tags away, entities decoded, NFC, no invisible characters, paragraphs apart by a blank line."""
    if not markup:
        return ""
    markup = markup[: 4 * MAX_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", _PARAGRAPH)
    text = _without_tags(markup) if "<" in markup else html.unescape(markup)
    text = unicodedata.normalize("NFC", _CONTROLS.sub("", text.replace("\r", "\n")))
    text = _SPACES.sub(" ", _BREAKS.sub(_PARAGRAPH, text))
    return _LINES.sub(lambda m: _PARAGRAPH if m[0].count("\n") > 1 else "\n", text).strip()[:MAX_CHARACTERS]


def single_line(markup: str | None) -> str | None:
    """The same on one line, for headlines and names (no line break may reach a mail header); None if nothing is left."""
    return " ".join(plain_text(markup).split()) or None


def _without_tags(markup: str) -> str:
    tags = _TAG.findall(markup)
    if not tags and not re.search(r"<[!/?A-Za-z]", markup):
        return html.unescape(markup)
    if (
        len(tags) > MAX_TAGS
        or max(map(len, markup.split("<"))) > MAX_TAG_LENGTH + MAX_CHARACTERS
        or any(len(t) > MAX_TAG_LENGTH for t in tags)
    ):
        return html.unescape(_TAG.sub("\n", markup))
    body = LexborHTMLParser(markup).body
    return "".join(_pieces(body)) if body else ""


def _pieces(body: LexborNode) -> list[str]:
    """Text and breaks in document order. Written without recursion: entries nest as deep as their authors like."""
    pieces: list[str] = []
    stack: list[LexborNode | str] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif node.tag == "-text":
            pieces.append((node.text_content or "").replace("\n", " "))
        elif node.tag == "br":
            pieces.append("\n")
        elif node.tag not in SILENT:
            block = node.tag in BLOCKS
            if block:
                pieces.append(_PARAGRAPH)
                stack.append(_PARAGRAPH)
            stack.extend(reversed(list(node.iter(include_text=True))))
    return pieces
