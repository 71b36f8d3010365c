"""Spellings of place names made comparable: a name goes in, the key under which the gazetteer keeps it comes out."""

import re
import unicodedata

ARTICLES = frozenset({"al", "el", "as", "ash", "at", "ad", "ar", "an", "az", "es", "ed", "er", "et", "en", "ez", "il"})
"""The Arabic article as romanised, also assimilated to a sun letter: ash-Shaykh, Deir ez-Zor."""

ARTICLED = frozenset({
    "SY", "IQ", "LB", "JO", "PS", "IL", "YE", "SA", "EG", "LY", "SD", "DZ", "TN", "MA", "EH", "OM", "AE", "QA", "KW", "BH", "MR", "TD",
    "SO", "DJ", "ER", "IR", "KM", "TR",
})  # fmt: skip
"""Countries (ISO 3166) whose places bear it: "Al-Jili" is no Jili in China."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ‘`ʿʾʻ´′"))
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ə": "a"})
_GAPS = re.compile(r"[\W_]+")
_DIGRAPHS = (
    ("kh", "h"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("ph", "f"), ("sch", "s"), ("sh", "s"), ("zh", "z"), ("ch", "s"), ("ts", "s"),
    ("tz", "s"), ("dj", "j"), ("ck", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("q", "k"), ("c", "k"), ("x", "ks"), ("w", "v"),
    ("g", "j"), ("p", "b"),
)  # fmt: skip
_VOWELS = re.compile(r"[aeiouy]+")
_REPEATS = re.compile(r"(.)\1+")


def normalise(name: str) -> str:
    """Fold case, diacritics, apostrophes and punctuation: ``Deir ez-Zor`` is ``deir ez zor``, ``U.S.`` is ``u s``.

    Dots part letters on purpose: so ``U.S.`` never meets the pronoun ``us``.
    """
    if name.isascii():
        return _GAPS.sub(" ", name.lower().replace("'", "").replace("`", "")).strip()
    plain = unicodedata.normalize("NFKD", name.translate(_APOSTROPHES).casefold().translate(_LETTERS))
    return _GAPS.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def without_articles(key: str) -> str:
    """Drop Arabic articles from a normalised key: ``deir ez zor`` is ``deir zor``. The key itself if nothing else is left."""
    return " ".join(word for word in key.split() if word not in ARTICLES) or key


def skeleton(key: str) -> str | None:
    """Reduce a normalised key to the consonants that all romanisations agree on: Hodeidah and Al Hudaydah are one.

    None where too little is left to tell names apart (fewer than three consonants).
    """
    bones = without_articles(key).replace(" ", "")
    for group, letter in _DIGRAPHS:
        bones = bones.replace(group, letter)
    bones = bones[:1] + _VOWELS.sub("", bones[1:]) if bones[:1] not in "aeiouy" else "a" + _VOWELS.sub("", bones)
    if len(bones) > 3 and bones.endswith("h"):
        bones = bones[:-1]
    bones = _REPEATS.sub(r"\1", bones)
    return bones if len(bones) >= 3 else None
