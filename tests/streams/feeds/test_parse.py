"""What becomes of documents, good and bad."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds.parse import ParsedFeed, parse
from tests.streams.feeds.documents import item, numbered, rss

REAL = Path(__file__).parents[4] / "shared" / "feeds"

ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title><link href="https://desk.example.org/"/>
<entry><id>urn:desk:7</id><title type="html">Clashes &amp;amp; shelling</title><link rel="alternate" href="/7"/>
<published>2026-03-01T10:00:00+02:00</published><updated>2026-03-01T11:30:00+02:00</updated><author><name>A. Writer</name></author>
<summary>Short.</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First part.</p>
<p>Second <b>part</b>.</p></div></content>
</entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://r.example.org/"><title>R</title></channel>
<item rdf:about="https://r.example.org/1"><title>Convoy seen</title><link>https://r.example.org/1</link>
<description>On the road.</description>
<dc:date>2026-03-01T08:00:00Z</dc:date></item></rdf:RDF>"""
JSON = b"""{"version":"https://jsonfeed.org/version/1.1","title":"J","home_page_url":"https://j.example.org/","items":[{"id":"9","url":"/9",
"title":"Fire & smoke","content_html":"<p>At the port.</p>","date_published":"2026-03-01T08:00:00Z","authors":[{"name":"B"}]}]}"""


def one(document: bytes) -> object:
    return only(parse(document))


def only(parsed: ParsedFeed):
    assert parsed.entries == 1, parsed.error
    return parsed.articles[0]


def test_an_rss_entry_becomes_an_article():
    article = only(parse(rss(item(4, date="Sun, 01 Mar 2026 08:00:00 GMT")), feed="wire"))
    assert (article.title, article.text, article.url) == ("Shells fall on the depot", "Three shells fell.", "https://wire.example.org/4")
    assert (article.guid, article.feed, article.published) == ("wire-4", "wire", datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert article.fetched is None


def test_an_atom_entry_keeps_its_paragraphs_dates_and_author():
    article = one(ATOM)
    assert article.text == "First part.\n\nSecond part."
    assert article.title == "Clashes & shelling"
    assert (article.url, article.guid, article.author) == ("https://desk.example.org/7", "urn:desk:7", "A. Writer")
    assert (article.published, article.updated) == (datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 1, 9, 30, tzinfo=UTC))


def test_an_rdf_entry_is_read():
    article = one(RDF)
    assert (article.title, article.url, article.published) == (
        "Convoy seen",
        "https://r.example.org/1",
        datetime(2026, 3, 1, 8, tzinfo=UTC),
    )


def test_a_json_entry_is_read():
    article = one(JSON)
    assert (article.title, article.text, article.guid, article.author) == ("Fire & smoke", "At the port.", "9", "B")
    assert (article.url, article.published) == ("https://j.example.org/9", datetime(2026, 3, 1, 8, tzinfo=UTC))


def test_the_full_text_is_preferred_to_the_summary():
    full = "<content:encoded><![CDATA[<p>Long story.</p><p>With a second part.</p>]]></content:encoded>"
    assert one(rss(item(text="Long") + full)).text == "Long story.\n\nWith a second part."


def test_a_full_text_that_only_says_read_more_gives_way_to_the_summary():
    assert (
        one(rss(item(text="The bridge was hit at dawn.") + "<content:encoded>Read more</content:encoded>")).text
        == "The bridge was hit at dawn."
    )


def test_html_in_cdata_becomes_text():
    text = "<![CDATA[<div>One &amp; two<br>three</div><script>x()</script><ul><li>a</li><li>b</li></ul>]]>"
    assert one(rss(item(text=text))).text == "One & two\nthree\n\na\n\nb"


def test_tags_that_nobody_escaped_lose_no_words():
    assert one(rss(item(text="one <p>two <b>three</b></p> four<!-- x -->five"))).text == "one\n\ntwo three\n\nfourfive"


def test_entities_that_xml_does_not_know_lose_no_words():
    assert one(rss(item(title="Fire &nbsp; smoke & ash &bogus; caf&eacute;"))).title == "Fire smoke & ash &bogus; café"


def test_words_of_a_video_feed_are_found():
    words = "<media:description>A column on the road.</media:description>"
    assert one(rss(f"<title>v</title><media:group><media:content url='https://v/1'/>{words}</media:group>")).text == "A column on the road."


def test_control_and_direction_characters_do_not_get_through():
    article = one(rss(item(title="Pal\u200bmyra\u202e &#7; taken\r\nBcc: x", text="a\u2066b")))
    assert article.title == "Palmyra taken Bcc: x"
    assert article.text == "ab"


def test_a_decomposed_name_is_composed():
    assert one(rss(item(title="Tiya\u0301s"))).title == "Tiy\u00e1s"


@pytest.mark.parametrize(
    ("date", "published"),
    [
        pytest.param("Thu,28 Jul 2022 4:35:5 GMT+9", datetime(2022, 7, 27, 19, 35, 5, tzinfo=UTC), id="an offset after GMT counts"),
        pytest.param("last Tuesday", None, id="an unparsable date is unknown, never now"),
        pytest.param("", None, id="an empty date is unknown"),
        pytest.param("Fri, 01 Jan 2100 00:00:00 GMT", datetime(2100, 1, 1, tzinfo=UTC), id="a future date stays the feed's word"),
        pytest.param("<![CDATA[Sun, 01 Mar 2026 08:00:00 -0500]]>", datetime(2026, 3, 1, 13, tzinfo=UTC), id="a date in CDATA is read"),
    ],
)
def test_dates(date: str, published: datetime | None):
    document = rss(f"<title>t</title><pubDate>{date}</pubDate>")
    assert one(document).published == published


def test_a_relative_link_is_read_against_the_feeds_own_link():
    assert one(rss("<title>t</title><link>/a?x=1&y=2</link>")).url == "https://wire.example.org/a?x=1&y=2"


def test_a_relative_link_is_read_against_the_address_of_a_feed_without_a_link():
    document = rss("<title>t</title><link>b</link>", channel="<title>x</title>")
    assert only(parse(document, base="https://other.example.org/news/feed.xml")).url == "https://other.example.org/news/b"
    assert only(parse(document)).url is None


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "mailto:desk@example.org", "http://a b/"])
def test_a_link_that_is_no_web_address_is_unknown(link: str):
    assert one(rss(f"<title>t</title><link>{link}</link>")).url is None


def test_an_entry_without_guid_has_none_and_is_named_by_its_link():
    first = one(rss("<title>t</title><link>https://wire.example.org/1?utm_source=rss</link>"))
    edited = one(rss("<title>new headline</title><link>http://www.wire.example.org/1#top</link>"))
    assert first.guid is None
    assert first.id == edited.id


def test_one_guid_for_different_pages_is_no_name():
    parsed = parse(rss(*(f"<title>n{n}</title><link>https://wire.example.org/{n}</link><guid>same</guid>" for n in range(3))))
    assert parsed.shared_names
    assert len({article.id for article in parsed.articles}) == 3


def test_one_link_for_different_headlines_is_no_name():
    parsed = parse(rss(*(f"<title>n{n}</title><link>https://wire.example.org/</link>" for n in range(3))))
    assert parsed.shared_names
    assert [article.title for article in parsed.articles] == ["n0", "n1", "n2"]


def test_an_entry_that_stands_twice_is_one_article():
    parsed = parse(rss(item(1), item(2), item(1)))
    assert parsed.entries == 3
    assert [article.guid for article in parsed.articles] == ["wire-1", "wire-2"]
    assert not parsed.shared_names


@pytest.mark.parametrize(
    ("document", "word"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \n\t ", "empty", id="blank"),
        pytest.param(b"<!DOCTYPE html><html><body>502</body></html>", "web page", id="a web page"),
        pytest.param(b"<html><head><title>x</title></head></html>", "web page", id="a web page without doctype"),
        pytest.param(b"<?xml version='1.0'?><!-- x --><!DOCTYPE html PUBLIC 'y'><html/>", "web page", id="XHTML"),
        pytest.param(b"<opml><body/></opml>", "<opml>", id="a list of feeds"),
        pytest.param(b"404 not found", "no feed", id="plain words"),
        pytest.param(b'{"error": 1}', "no JSON Feed", id="other JSON"),
        pytest.param(b'{"items": [', "JSON", id="broken JSON"),
        pytest.param(b'{"a":' * 100_000, "JSON", id="JSON that is too deep"),
        pytest.param(b"\x1f\x8b\x08\x00" + bytes(100), "no feed", id="bytes that are no text"),
        pytest.param(b"<rss><channel><item><title>half", "cut short", id="truncated in the first entry"),
        pytest.param(b'<!DOCTYPE r [<!ENTITY a "b">]>' + rss(item()), "entities", id="entities of its own"),
        pytest.param('<!DOCTYPE r [<!ENTITY a "b">]><rss/>'.encode("utf-16"), "entities", id="the same in UTF-16"),
        pytest.param(rss("<a>" * 300), "deep", id="300 levels"),
        pytest.param(rss("<x " + " ".join(f"a{n}='1'" for n in range(10_000)) + "/>"), "attributes", id="10,000 attributes"),
        pytest.param(b"<rss>" + bytes(9_000_000), "bytes", id="9 MB"),
        pytest.param(rss("<a>x</a>" * 200_000), "tags", id="400,000 tags"),
    ],
)
def test_what_is_no_feed_is_said_in_words(document: bytes, word: str):
    parsed = parse(document)
    assert parsed.entries == 0
    assert parsed.articles == ()
    assert parsed.error is not None
    assert word in parsed.error


def test_billion_laughs_are_not_laughed():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]><rss><channel><item><title>&l9;</title></item></channel></rss>'
    )
    assert parse(document.encode()).articles == ()


def test_of_a_truncated_document_the_whole_entries_are_read():
    document = numbered([1, 2, 3])
    parsed = parse(document[: document.index(b"part 3")])
    assert [article.title for article in parsed.articles] == ["Report 1", "Report 2"]
    assert "cut short" in (parsed.error or "")


def test_a_truncation_within_cdata_costs_only_its_entry():
    document = rss(item(1), item(2, text="<![CDATA[<p>never closed"))
    assert [article.guid for article in parse(document[: document.index(b"never")]).articles] == ["wire-1"]


def test_an_author_of_20_kilobytes_is_dropped_and_the_entry_kept():
    article = one(rss(item() + f"<author>{'a' * 20_000}</author>"))
    assert article.author is None
    assert article.text == "Three shells fell."


def test_an_article_of_2_megabytes_is_cut_and_kept():
    article = one(rss(item(text="<![CDATA[" + "<p>Word.</p>" * 180_000 + "]]>")))
    assert article.title == "Shells fall on the depot"
    assert 0 < len(article.text) <= 256 * 1024


def test_of_too_many_entries_the_first_5000_are_read():
    parsed = parse(rss("<title>t</title>" * 1, *(f"<guid>{n}</guid>" for n in range(5_100))))
    assert parsed.entries == 5_000
    assert "more than 5,000" in (parsed.error or "")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            rss(item(title="Сирия: бой")).decode().replace("utf-8", "windows-1251").encode("windows-1251"), id="windows-1251 as declared"
        ),
        pytest.param(rss(item(title="Сирия: бой")).decode().encode("utf-16"), id="UTF-16 with a mark"),
        pytest.param(rss(item(title="Сирия: бой")).decode().replace("utf-8", "iso-8859-1").encode(), id="UTF-8 declared as Latin-1"),
        pytest.param(b"\xef\xbb\xbf \n" + rss(item(title="Сирия: бой")), id="a mark and blanks before the declaration"),
        pytest.param(
            b"<br /><b>Warning</b>: line 3 " + rss(item(title="Сирия: бой")), id="a warning of the publisher's software before it"
        ),
    ],
)
def test_encodings(document: bytes):
    assert one(document).title == "Сирия: бой"


def test_bytes_that_are_not_utf8_as_declared_are_read_as_windows_1252():
    assert one(rss(item(title="Caf\u00e9 \u201cx\u201d")).decode().encode("windows-1252")).title == "Caf\u00e9 \u201cx\u201d"


def test_the_charset_of_the_header_helps_where_the_document_names_none():
    document = "<rss><channel><item><title>Бой</title></item></channel></rss>".encode("koi8-r")
    assert only(parse(document, content_type='text/xml; charset="koi8-r"')).title == "Бой"


def test_the_time_to_live_is_read():
    assert parse(rss(item(), channel="<title>x</title><ttl> 15 </ttl>")).ttl_seconds == 900


def test_a_feed_of_no_entries_is_no_error():
    assert parse(rss()) == ParsedFeed(entries=0)


PIECES = [
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "&",
    "&#0;",
    "&#x110000;",
    "'",
    '"',
    "=",
    "<rss>",
    "<channel>",
    "<item>",
    "</item>",
]
PIECES += [
    "<title>",
    "</title>",
    "<pubDate>",
    "</pubDate>",
    "<author>",
    "</rss>",
    "<description>",
    "</description>",
    "x",
    "\0",
    "é",
    "{",
    "<entry/>",
]


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=40).map(lambda p: ("<rss><channel>" + "".join(p)).encode())
    )
)
def test_parse_never_raises(document: bytes):
    parsed = parse(document)
    assert parsed.entries >= len(parsed.articles)
    assert not (parsed.articles and parsed.entries == 0)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(["\ud800", "http://[", "//x", "2026-03-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x"]), inner, max_size=2),
    max_leaves=4,
)
FIELDS = ("id", "url", "title", "summary", "content_text", "content_html", "date_published", "date_modified", "authors", "author")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES), max_size=3), VALUES)
def test_parse_never_raises_for_json_of_any_types(items: list[dict[str, object]], home: object):
    parsed = parse(json.dumps({"items": items, "home_page_url": home}).encode())
    assert parsed.entries == len(items)
    assert msgspec.json.encode(parsed)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), max_size=60), st.integers(0, 1200))
def test_any_cut_of_a_good_document_gives_a_beginning_of_its_entries(title: str, cut: int):
    whole = rss(item(1, title=title), item(2), item(3))
    ids = [article.id for article in parse(whole).articles]
    part = [article.id for article in parse(whole[:cut]).articles]
    assert part == ids[: len(part)]


def test_the_counts_of_real_documents_agree():
    if not REAL.is_dir():
        pytest.skip(f"no real feed documents at {REAL}; they are not part of the project")
    with (REAL / "manifest.tsv").open() as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    assert {row["file"]: parse((REAL / row["file"]).read_bytes()).entries for row in rows} == {
        row["file"]: int(row["entries"]) for row in rows
    }
