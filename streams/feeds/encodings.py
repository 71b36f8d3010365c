"""One encoding for all feeds: bytes as they came go in, UTF-8 without a byte order mark comes out."""

import codecs
import re
from email.message import Message

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_BARE = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"""^\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._:-]{1,40})["']""")
ESCAPING = ("iso2022", "hz", "utf7", "utf16", "utf32")
"""Codecs in which ASCII bytes need not be ASCII: only these are believed before UTF-8 is tried, and of them no UTF-7."""
REFUSED = frozenset(
    {
        "utf7",
        "punycode",
        "idna",
        "unicodeescape",
        "rawunicodeescape",
        "base64",
        "hex",
        "zlib",
        "bz2",
        "uu",
        "quopri",
        "rot13",
        "mbcs",
        "oem",
    }
)
"""UTF-7 can hide markup from whoever reads bytes (its ``+ADw-`` is ``<``); the others are no character sets."""
LAST_RESORT = "windows-1252"
"""What a publisher has who does not know what he has (WHATWG Encoding, the default of browsers)."""


def to_utf8(document: bytes, content_type: str | None) -> bytes:
    """Recode *document*. Never fails: bytes that no likely encoding explains become U+FFFD.

    Tried in order: a byte order mark; UTF-8 (text in another encoding is almost never valid UTF-8, while a false
    declaration is common); the declaration in the document; the charset of the HTTP header; windows-1252.
    """
    for mark, name in _BOMS:
        if document.startswith(mark):
            return _recode(document[len(mark) :], name)
    for start, name in _BARE:
        if document.startswith(start):
            return _recode(document, name)
    declared = [name for name in (_in_document(document), _in_header(content_type)) if name]
    candidates = [n for n in declared if _plain(n).startswith(ESCAPING)] + ["utf-8"] + declared
    for name in candidates:
        try:
            text = document.decode(name)
        except (UnicodeError, LookupError):
            continue
        return document if name == "utf-8" else text.encode("utf-8", "replace")
    return _recode(document, declared[0] if declared and _plain(declared[0]) != "utf8" else LAST_RESORT)


def _recode(document: bytes, name: str) -> bytes:
    return document.decode(name, "replace").encode("utf-8", "replace")


def _in_document(document: bytes) -> str | None:
    match = _DECLARED.match(document[:512])
    return _known(match[1].decode("ascii")) if match else None


def _in_header(content_type: str | None) -> str | None:
    if not content_type:
        return None
    header = Message()
    header["content-type"] = " ".join(content_type[:200].split())
    charset = header.get_param("charset")
    return _known(charset) if isinstance(charset, str) else None


def _known(name: str) -> str | None:
    """The codec of that name, if it is one for text."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    # 16- and 32-bit encodings show themselves by their first bytes; declared elsewhere they are a mistake.
    return None if _plain(known) in REFUSED or _plain(known).startswith(("utf16", "utf32")) else known


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
