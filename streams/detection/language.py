"""Which language a text is in, where it is not English: by its letters, else by its commonest words. English is what is left.

A reader of English that is given French finds nothing, or, worse, something. A headline of a few words is told by the words of war in it;
one that has none is read.
"""

import re
import unicodedata
from collections import Counter
from functools import cache

from streams.detection.lexicon import rows, wordlist

LOOKED_AT = 1_000
"""Characters from the start: a text seldom changes its language."""
FEWEST = 3
"""Different function words of another language: names bring one or two ("La Paz", "Charles de Gaulle", any number of "al")."""
OVER = 2
"""How many times as many as English ones there must be."""
SCRIPTS = {
    "ARABIC": "ar", "CYRILLIC": "ru", "HEBREW": "he", "GREEK": "el", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko",
    "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "THAI": "th", "MYANMAR": "my", "ETHIOPIC": "am", "GEORGIAN": "ka", "ARMENIAN": "hy",
}  # fmt: skip
"""First word of a letter's Unicode name to the language that most news in it is in."""
LETTERS = {"fa": frozenset("پچژگ"), "ur": frozenset("ٹڈڑںے"), "uk": frozenset("іїєґ"), "ja": frozenset("のはをにがでとアン")}
"""Letters that a language has and the greater one of its script has not."""
_WORD = re.compile(r"[^\W\d_]+")


def foreign(text: str) -> str | None:
    """The ISO 639-1 code of the language that *text* is in (``sh`` for Serbo-Croatian); None for English and for what cannot be told."""
    words = _WORD.findall(text[:LOOKED_AT].lower())
    letters = sum(map(len, words))
    if not letters:
        return None
    if 2 * sum(len(w) for w in words if w[0] >= "Ͱ") > letters:
        return _by_script("".join(words))
    return _by_words(words)


def _by_script(letters: str) -> str | None:
    for language, own in LETTERS.items():
        if own & set(letters):
            return language
    scripts = Counter(unicodedata.name(letter, "").split(" ")[0].split("-")[0] for letter in letters)
    return next((SCRIPTS[name] for name, _ in scripts.most_common() if name in SCRIPTS), None)


def _by_words(words: list[str]) -> str | None:
    different = set(words)
    english = different & wordlist("english")
    counts = Counter(language for w in different - english for language in _languages().get(w, ()))
    for word in different:
        for language in _at_war().get(word, ()):
            counts[language] += FEWEST
    if not counts:
        return None
    language, count = counts.most_common(1)[0]
    return language if count >= max(FEWEST, OVER * len(english)) else None


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """Function word to the languages that have it."""
    return _by_word(2)


@cache
def _at_war() -> dict[str, tuple[str, ...]]:
    """Word of war to the languages that have it: one alone tells a headline."""
    return _by_word(3)


def _by_word(column: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for _, cells in rows("languages.tsv", 4):
        for word in cells[column].split():
            found[word] = (*found.get(word, ()), cells[0])
    return found
