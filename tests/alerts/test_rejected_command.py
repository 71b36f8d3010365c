"""What was set aside: listed until it is written again, and back in the list if it is refused again."""

import io
import json
from pathlib import Path

import pytest

from alerts.commands import rejected
from alerts.commands.rejected import UnknownRejectedError, name_of, retried, waiting
from streams.records import Tick
from streams.runtime.store import Batch, Store, StoreError
from streams.settings import Settings, read_settings
from streams.topics import MENTIONS, REJECTED, Rejected
from tests.alerts.saying import at


def refused(body: bytes = b"poison", *, hours: float = 0, stage: str = "fuse") -> Rejected:
    return Rejected(
        stage=stage, topic=MENTIONS.name, at=at(hours), reason="it is no JSON", stack="", body=body, partition=3, offset=1042
    )  # fmt: skip


def lying(*records: Rejected | rejected.Retried) -> list[bytes]:
    return [REJECTED.encode(r) for r in records]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a state file with two records that were set aside."""
    settings = read_settings({"TOCSIN_STATE": str(tmp_path / "tocsin.db")})
    with Store(settings.state) as store:
        store.commit(Batch(records=[(REJECTED.name, at(0), body) for body in lying(refused(), refused(b"other", stage="judge"))]))
    return settings


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ([], []),
        ([refused()], [b"poison"]),
        ([refused(), refused(hours=1)], [b"poison"]),
        ([refused(), retried(refused(), at(1))], []),
        ([refused(), retried(refused(), at(1)), refused(hours=2)], [b"poison"]),
        ([refused(), refused(b"other"), retried(refused(), at(1))], [b"other"]),
    ],
    ids=["nothing", "one", "the same twice is one", "written again", "refused again", "another stays"],
)
def test_what_waits(entries: list[Rejected], left: list[bytes]) -> None:
    assert [r.body for r in waiting(lying(*entries)).values()] == left


def test_foreign_bytes_among_them_are_passed_over() -> None:
    assert len(waiting([b"\xff", *lying(refused())])) == 1


def test_a_list_says_where_each_lay_and_why(settings: Settings) -> None:
    out = io.StringIO()
    assert rejected.listed(settings, out, as_json=False) == 0
    first, _, last = out.getvalue().splitlines()
    assert first.startswith(name_of(refused()))
    assert first.endswith("fuse  mentions[3]@1042  it is no JSON")
    assert last == "2 set aside; `tocsin rejected show ID` tells more"


def test_one_is_shown_whole(settings: Settings) -> None:
    out = io.StringIO()
    rejected.show(settings, name_of(refused()), out)
    assert json.loads(out.getvalue())["body"] == "poison"


def test_written_again_it_lies_in_its_log_and_is_listed_no_more(settings: Settings) -> None:
    rejected.retry(settings, [], "fuse", io.StringIO())
    with Store(settings.state) as store:
        assert store.read(MENTIONS.name) == [(0, b"poison")]
    out = io.StringIO()
    rejected.listed(settings, out, as_json=True)
    assert [json.loads(line)["stage"] for line in out.getvalue().splitlines()] == ["judge"]


def test_an_unknown_id_is_told(settings: Settings) -> None:
    with pytest.raises(UnknownRejectedError, match="nothing set aside is called abc; `tocsin rejected list` says what there is"):
        rejected.retry(settings, ["abc"], None, io.StringIO())


def test_a_running_tocsin_holds_the_file_and_is_named(settings: Settings) -> None:
    with Store(settings.state), pytest.raises(StoreError, match=r"in use by another tocsin .*stop that one"):
        rejected.retry(settings, [name_of(refused())], None, io.StringIO())


def test_without_a_state_file_nothing_was_set_aside(tmp_path: Path) -> None:
    out = io.StringIO()
    rejected.listed(read_settings({"TOCSIN_STATE": str(tmp_path / "none.db")}), out, as_json=False)
    assert out.getvalue() == "0 set aside\n"


def test_a_tick_is_not_written_again_and_that_is_said(settings: Settings) -> None:
    with Store(settings.state) as store:
        store.commit(Batch(records=[(REJECTED.name, at(0), body) for body in lying(refused(MENTIONS.encode(Tick(at=at(1)))))]))
    out = io.StringIO()
    rejected.retry(settings, [], None, out)
    assert out.getvalue().splitlines()[0].startswith("2 written again")
    assert out.getvalue().splitlines()[1].startswith("1 left as they are: ticks")
