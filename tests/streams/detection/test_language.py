"""Which language a text is in: sentences of our own in each, and English that looks like another."""

import pytest

from streams.detection import nlp
from streams.detection.detector import Detector
from streams.detection.language import foreign
from streams.detection.revisions import read_all
from tests.streams.detection.doubles import FewPlaces, article

FOREIGN = [
    ("es", "Al menos doce soldados murieron en un ataque contra la base aérea, según el ejército."),
    ("pt", "Pelo menos doze soldados foram mortos num ataque contra a base, segundo os militares."),
    ("fr", "Au moins douze soldats ont été tués dans une attaque contre la base, selon l'armée."),
    ("it", "Almeno dodici soldati sono stati uccisi in un attacco contro la base, secondo l'esercito."),
    ("ro", "Cel puțin doisprezece soldați au fost uciși într-un atac după ce baza a fost bombardată de avioane."),
    ("de", "Mindestens zwölf Soldaten wurden bei einem Angriff auf den Stützpunkt getötet, wie die Armee mitteilte."),
    ("nl", "Zeker twaalf soldaten zijn gedood bij een aanval op het vliegveld, volgens het leger."),
    ("sv", "Minst tolv soldater dödades efter ett anfall mot basen, enligt armén och vittnen som såg det."),
    ("fi", "Ainakin kaksitoista sotilasta kuoli hyökkäyksessä, kun tukikohta oli tulessa, mutta armeija on vaiti."),
    ("hu", "A hadsereg szerint legalább tizenkét katona halt meg, és még nem tudni, hogy az ellenség vagy baleset volt."),
    ("pl", "Co najmniej dwunastu żołnierzy zginęło w ataku na bazę, który według armii trwał przez noc."),
    ("cs", "Nejméně dvanáct vojáků bylo zabito při útoku na základnu, která je podle armády v plamenech."),
    ("sh", "Najmanje dvanaest vojnika je ubijeno nakon napada na bazu, koja je prema vojsci u plamenu."),
    ("tr", "Orduya göre üsse düzenlenen saldırıda en az on iki asker öldü ve çok sayıda yaralı olduğu için hastaneler doldu."),
    ("id", "Sedikitnya dua belas tentara tewas dalam serangan terhadap pangkalan itu, kata militer yang dikutip oleh media."),
    ("sw", "Wanajeshi kumi na wawili waliuawa katika shambulio dhidi ya kambi ya jeshi baada ya mapigano kuwa makali."),
    ("es", "Bombardeo ruso en Járkov deja cinco heridos"),
    ("pt", "Explosão em Cabul: cinco mortos"),
    ("fr", "Frappe russe sur Kharkiv : cinq morts"),
    ("it", "Attacco con droni su Odessa, tre morti"),
    ("de", "Luftangriff in Kabul"),
    ("nl", "Gewonden bij raketaanval op Charkov"),
    ("pl", "Rosyjski atak na Charków"),
    ("tr", "Bombalı saldırı: 5 ölü"),
    ("id", "Serangan udara tewaskan 12 orang di Gaza"),
    ("sw", "Shambulio la bomu Mogadishu"),
    ("so", "Qarax ka dhacay Muqdisho"),
    ("ar", "مقتل اثني عشر جنديا في هجوم على قاعدة جوية قرب المدينة"),
    ("fa", "دوازده سرباز در حمله به پایگاه هوایی کشته شدند"),
    ("ru", "Двенадцать солдат погибли при атаке на авиабазу, сообщили военные"),
    ("uk", "Дванадцять солдатів загинули під час атаки на авіабазу, повідомили військові її"),
    ("he", "שנים עשר חיילים נהרגו במתקפה על בסיס חיל האוויר"),
    ("ko", "공군 기지 공격으로 군인 열두 명이 숨졌다"),
    ("ja", "空軍基地への攻撃で兵士十二人が死亡したと軍が発表した"),
    ("zh", "空军基地遭袭十二名士兵死亡"),
]
ENGLISH = [
    "Twelve soldiers were killed in an attack on the airbase, the army said.",
    "Airbase shelled, 12 dead",
    "Charles de Gaulle carrier group leaves for the gulf",
    "Rebels storm El Obeid airport",
    "Attentat trial opens in Paris, and the court hears the first of the men who are accused",
    "Al-Shabaab base hit in Jilib",
    "Barrage at Vovchansk",
    "Boko Haram, ISWAP clash near Marte",
    "Hamas fires rockets at Tel Aviv",
    "La Paz, El Alto brace for protests",
    "Al-Nusra and Ahrar al-Sham clash at Al-Hader, Al-Eis",
    "Le Monde: sur les traces des soldats is a film about Mali that opens in Paris on Friday, its makers said.",
    "T4",
    "12345 !!! ...",
    "",
]


@pytest.mark.parametrize(("language", "text"), FOREIGN, ids=[language for language, _ in FOREIGN])
def test_another_language_is_recognised(language: str, text: str) -> None:
    assert foreign(text) == language


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_what_cannot_be_told_is_none(text: str) -> None:
    assert foreign(text) is None


def test_a_name_in_its_own_letters_makes_no_other_language_of_a_text() -> None:
    assert foreign("The town of دمشق (Damascus) was shelled, residents said.") is None


def test_what_is_not_english_is_not_read_and_says_so() -> None:
    text = "Les rebelles ont annoncé un raid sur la base de Saida, selon les militaires; after the attack, rien."
    detector = Detector(FewPlaces("Saida"), nlp.load())
    french, english = read_all(detector, [article(text), article("Rebels said a raid on the base in Saida killed 3 soldiers.")])
    assert (french.mentions, french.language) == ((), "fr")
    assert (len(english.mentions), english.language) == (1, None)
