"""The list of feeds and its mistakes."""

from pathlib import Path

import pytest

from streams.feeds.config import Feed, FeedsError, load_feeds, read_feeds

LIST = Path(__file__).parents[3] / "deploy" / "feeds.toml"


def mistakes(text: str) -> list[str]:
    with pytest.raises(FeedsError) as error:
        read_feeds(text, name="feeds.toml")
    return list(error.value.mistakes)


def test_a_feed_is_read_with_what_it_does_not_say():
    text = '[[feed]]\nname = "wire"\nurl = "https://wire.example.org/rss"\noutlet = "Wire"\n'
    assert read_feeds(text, name="f") == (Feed(name="wire", url="https://wire.example.org/rss", outlet="Wire", owner="Wire"),)


def test_the_list_that_comes_with_it_is_good():
    feeds = load_feeds(LIST)
    assert len(feeds) >= 25
    assert not any(feed.sample or feed.allow_internal for feed in feeds)
    assert len({feed.outlet for feed in feeds}) < len(feeds) + 1


def test_an_outlet_of_the_list_has_one_owner():
    owners: dict[str, set[str]] = {}
    for feed in load_feeds(LIST):
        owners.setdefault(feed.outlet, set()).add(feed.owner)
    assert {outlet: names for outlet, names in owners.items() if len(names) > 1} == {}


def test_all_mistakes_are_named_at_once_with_their_lines():
    text = """# feeds
[[feed]]
name = "Wire One"
url = "ftp://wire.example.org/"
colour = "red"

[[feed]]  # the second
name = "two"
outlet = " "
url = "https://two.example.org/"
every_seconds = 5
sample = "yes"
"""
    found = mistakes(text)
    assert [line.partition(": ")[0] for line in found] == [f"feeds.toml:{n}" for n in (2, 3, 4, 5, 9, 11, 12)]
    for line, words in zip(
        found,
        [
            "outlet is missing",
            "small letters",
            "not http or https",
            "colour is not known",
            "outlet is empty",
            "take 60 to 86400",
            "no true or false",
        ],
        strict=True,
    ):
        assert words in line


def test_a_name_that_is_used_twice_is_named_with_both_places():
    row = '[[feed]]\nname = "a"\noutlet = "A"\nurl = "https://{}.example.org/"\n'
    assert mistakes(row.format("x") + row.format("y")) == ["feeds.toml:6: name 'a' is already used at feeds.toml:2; give each feed its own"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('[[feed]]\nname = "a\n', "feeds.toml:2: is not TOML", id="no TOML"),
        pytest.param('[feed]\nname = "a"\n', "two brackets", id="one bracket"),
        pytest.param("feeds = 3\n", "'feeds' is not known", id="another key"),
        pytest.param(
            '[[feed]]\nname = "a"\noutlet = "A"\nurl = "https://u:p@e.org/"\n', "//(hidden)@e.org/' holds a password", id="a password"
        ),
        pytest.param('[[feed]]\nname = "a"\noutlet = "A"\nurl = "https://e.org:x/"\n', "is no address", id="a bad port"),
        pytest.param(
            '[[feed]]\nname = "a"\noutlet = "A"\nurl = "https://e.org/"\nevery_seconds = true\n', "no whole number", id="a wrong type"
        ),
        pytest.param('[[feed]]\nname = "a"\noutlet = "A"\nurl = "https://e.org/"\ntimeout_seconds = 0\n', "more than 0", id="no time"),
    ],
)
def test_a_mistake_says_what_to_do(text: str, words: str):
    assert words in "\n".join(mistakes(text))


def test_an_internal_feed_may_be_asked_each_second():
    text = '[[feed]]\nname = "a"\noutlet = "A"\nurl = "http://10.0.0.1/"\nevery_seconds = 1\nallow_internal = true\n'
    assert read_feeds(text, name="f")[0].every_seconds == 1


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path):
    with pytest.raises(FeedsError, match=r"none\.toml: cannot be read"):
        load_feeds(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(FeedsError, match=r"latin\.toml: is not UTF-8"):
        load_feeds(tmp_path / "latin.toml")
