"""Split a text into sentences with their offsets: by terminal punctuation, quotes, abbreviations and line breaks. Linear."""

import re

import msgspec

from streams.detection.lexicon import wordlist

MAX_SENTENCE = 1_500
"""Characters: what has no full stop for longer is a list or a table and is read in pieces; nothing is left out."""
WRAPPED_LINE = 100
"""Characters: a text of many lines, none longer, was wrapped by a mail program; its single line breaks are spaces."""
_STOP = re.compile(r"[.!?…\n]")
_END = re.compile(r"(?<![.!?…])[.!?…]+[\"”’'»)\]]*\s+(?=[\"“‘'«(\[]*[A-Z0-9À-ÞĀ-ſ])|(?<=\w)…(?=\w)")
"""Where a sentence may end; an ellipsis without a space parts a headline: "shells fall on Homs…fighting in Idlib".

Runs of full stops are looked at from their beginning only, so that long ones cost no more."""
_NEW_LINE = re.compile(r"\n\s*")
_LAST_WORD = re.compile(r"([\w.]+)\W*$")


class Sentence(msgspec.Struct, frozen=True):
    """``text[start:end]`` is one sentence, without the white space around it."""

    start: int
    end: int


def split(text: str) -> list[Sentence]:
    """The sentences of *text*, in order. Their union is all of it but white space."""
    wrapped = _is_wrapped(text)
    found: list[Sentence] = []
    start = 0
    looked = 0
    for stop in _STOP.finditer(text):
        at = stop.start()
        match = (_NEW_LINE if text[at] == "\n" else _END).match(text, at) if at >= looked else None
        if match:
            looked = match.end()
            if _ends_here(text, start, match, wrapped=wrapped):
                _add(found, text, start, looked)
                start = looked
    _add(found, text, start, len(text))
    return found


def _is_wrapped(text: str) -> bool:
    lines = text.split("\n")
    return len(lines) > 5 and max(map(len, lines)) <= WRAPPED_LINE and "\n\n" in text


def _ends_here(text: str, start: int, match: re.Match[str], *, wrapped: bool) -> bool:
    blank = match.group()
    if blank[0] not in ".!?…":
        return blank.count("\n") > 1 or not wrapped
    if "\n" in blank and (blank.count("\n") > 1 or not wrapped):
        return True
    if blank[0] != "." or blank[1:2] == ".":
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    return word is None or not _is_abbreviation(word.group(1))


def _is_abbreviation(word: str) -> bool:
    return word.lower() in wordlist("abbreviation") or (len(word) == 1 and word.isupper())


def _add(found: list[Sentence], text: str, start: int, end: int) -> None:
    """Append text[start:end] without the white space around it, in pieces if it is too long to parse."""
    piece = text[start:end]
    start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
    while end - start > MAX_SENTENCE:
        cut = text.rfind(" ", start, start + MAX_SENTENCE)
        cut = cut if cut > start else start + MAX_SENTENCE
        found.append(Sentence(start, cut))
        start = cut + (text[cut] == " ")
    if end > start:
        found.append(Sentence(start, end))
