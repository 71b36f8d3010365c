"""Whose report it was first: sentences in, outlets out."""

import pytest

from streams.detection import attribution
from streams.detection.lexicon import load


@pytest.mark.parametrize(
    ("sentence", "owner"),
    [
        ("The army repelled the attack, Rudaw reported, citing Tass, which cited Al-Watan.", "al watan"),
        ("Rudaw, citing Tass, which quoted Al-Watan, said the base had fallen.", "al watan"),
        ("Militants attacked the base, Al-Watan newspaper said.", "al watan"),
        ("Militants attacked the base, Tass reported, citing Al-Watan.", "al watan"),
        ("A drone hit the port, Reuters said, quoting the state news agency SANA.", "sana"),
        ("The depot burned for hours, Hona Kordofan radio reported.", "hona kordofan"),
        ("Three soldiers died, the Elnashra website said, quoting Al-Manar television.", "al manar"),
        ("A convoy was ambushed, the paper said, citing Radio Dabanga.", "radio dabanga"),
        ("Three soldiers died, Reuters reported, citing the Defence Ministry.", None),
        ("Three soldiers died, Reuters reported, citing General Ali Hassan.", None),
        ("Three soldiers died, Reuters reported, citing two officials and residents.", None),
        ("Rebels attacked the airbase on Monday.", None),
        ("Three died, Anadolu Agency reported, as quoted Wednesday by the mayor.", None),
        ("Three died, the Austrian news agency said.", None),
        ("Syrian state television said rebels attacked the airbase.", None),
        ("State television said rebels attacked the airbase.", None),
        ("Ten were killed, the Iranian ISNA news agency reported.", "isna"),
        ("Ten were killed, the Daesh-affiliated Aamaq news agency said.", "aamaq"),
        ("Rebels attacked a radio station in Goma.", None),
        ("Shells hit the Ostankino television tower.", None),
        ("Shells hit the mast, according to Hawar news agency.", "hawar"),
    ],
)
def test_the_last_outlet_of_a_chain_of_copies_is_the_source(sentence: str, owner: str | None) -> None:
    found = attribution.of(sentence, load())
    assert (found.owner if found else None) == owner
