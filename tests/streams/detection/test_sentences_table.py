"""What single sentences tell, row by row of `sentences.tsv`."""

import re
from pathlib import Path

import pytest

from streams.detection import nlp
from streams.detection.detector import Detector
from streams.records import Mention
from tests.streams.detection.doubles import FewPlaces, article

TABLE = Path(__file__).with_name("sentences.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf8").splitlines() if line and not line.startswith("#")]
ELSEWHERE = """Istanbul Brussels Beirut London Paris Madrid Mumbai Houston Tokyo Seattle Washington Warsaw Quetta Tbilisi Cairo Geneva
Milan Moscow Vienna Prague Seoul Kourou Sydney Vilnius Mostar Kirkuk Tripoli Barcelona Dallas Homs Khartoum Simferopol
Omdurman Mopti Lahij Bukavu Mandalay Saleef Orikhiv Rutshuru Damascus Zaporizhzhia Athens Badajoz Basra Berlin Beslan
Brest Brisbane Busan Changwon Colombo Conakry Dayton Delhi Dhaka Dresden Dubai Gatumba Gaza Grenada Hamburg Hanoi
Hastings Helmand Incheon Jakarta Kabul Kandahar Kano Kharkiv Leeds Loikaw Lyon Malmo Manchester Manila Marseille
Medellin Munich Nairobi Niamey Obuasi Osaka Pearls Perth Princeton Pyongyang Rangoon Rome Ryazan Santos Shiraz Sinjar
Subic Taipei Toribio Turin Utrecht Wenchang Wonsan Goma Gori Chicago Kyoto Bogota Kobane Kiel Bouake Marib Erbil
Arlington Aurora Austin Culiacan Darmstadt Denver Izmir Kyiv Lagos Leningrad Lille Manali Memphis Naples Oakland Oberhof
Okinawa Palmachim Pau Pune Sahiwal Sasebo Stalingrad Tucson Tulsa Ypres Accra Ankara Antwerp Assam Canberra Cyprus Dakar
Doha Ghent Grizzlies Herat Karachi Lusaka Lviv Ottawa Philadelphia Quito Riga Saigon Scranton Singapore Sintra Tallinn
Utah Vukovar"""
LONGER = {"Mae Sot", "El Fasher", "Kacha", "San Diego"}
TOWNS = sorted({m[1] for _, expect, _ in ROWS if (m := re.search(r"@([^+]+)", expect))} | LONGER | set(ELSEWHERE.split()))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(FewPlaces(*TOWNS), nlp.load())


def told(mention: Mention, expect: str) -> bool:
    """Whether *mention* is what ``type/status@place[+outcome]`` asks for; ``*`` is any current status."""
    match = re.fullmatch(r"(\w+)/(\*|\w+)@([^+]+)(?:\+(\w+))?", expect)
    assert match, f"bad expectation {expect!r}"
    kind, status, where, outcome = match.groups()
    named = mention.place.name if mention.place else None
    return (
        mention.type == kind
        and (mention.current if status == "*" else mention.status == status)
        and named == where
        and (outcome is None or mention.outcome == outcome)
    )


def told_at(mention: Mention, expect: str) -> bool:
    """Whether *mention* is at the place that *expect* names."""
    return mention.place is not None and f"@{mention.place.name}" in expect


@pytest.mark.parametrize(("group", "expect", "sentence"), ROWS, ids=[f"{g}: {s[:60]}" for g, _, s in ROWS])
def test_a_sentence_tells_what_it_says(detector: Detector, group: str, expect: str, sentence: str) -> None:
    [mentions] = detector.read([article(sentence)])
    shown = [(m.type, m.status, m.outcome, m.place and m.place.name) for m in mentions]
    if group in {"object", "villages"}:
        assert not [m for m in mentions if m.category == "kinetic" and m.current and not told_at(m, expect)], shown
    if expect == "quiet":
        assert not [m for m in mentions if m.category == "kinetic" and m.current], shown
    else:
        assert any(told(m, expect) for m in mentions), shown


def test_every_quote_is_verbatim(detector: Detector) -> None:
    body = " ".join(sentence if sentence.endswith(".") else sentence + "." for _, _, sentence in ROWS)
    source = article(body, title="All of them")
    [mentions] = detector.read([source])
    assert len(mentions) > 40
    assert all(source.body[m.evidence.start : m.evidence.end] == m.evidence.quote for m in mentions)
