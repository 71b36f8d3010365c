"""Lines of at most 100 columns that break where a reader would."""

from alerts.delivery.layout import WIDTH, field, hanging, row, table


def test_a_field_is_indented_below_its_label() -> None:
    lines = field("word " * 40, "WITH").splitlines()
    assert lines[0].startswith("WITH   word")
    assert all(line.startswith("       word") for line in lines[1:])
    assert max(map(len, lines)) <= WIDTH


def test_a_date_is_never_broken() -> None:
    for pad in range(70, 100):
        assert "131005Z DEC 16" in field(f"{'x' * pad} 131005Z DEC 16", "WHEN")
        assert "24 MAY 16" in field(f"{'x' * pad} 24 MAY 16", "WHEN")


def test_parts_stand_side_by_side_while_they_fit() -> None:
    assert row(["a", "b"], "WHERE") == "WHERE  a   b"
    assert row(["a" * 60, "b" * 60], "WHERE") == f"WHERE  {'a' * 60}\n       {'b' * 60}"


def test_an_empty_part_leaves_no_gap() -> None:
    assert row(["a", "", "b"], "WHERE") == "WHERE  a   b"


def test_a_long_label_moves_only_its_own_line() -> None:
    assert field("changed", "NEW IN /12") == "NEW IN /12  changed"


def test_a_word_without_end_stays_whole() -> None:
    assert "x" * 200 in hanging("x" * 200, 6)


def test_cells_wrap_within_their_column() -> None:
    lines = table([["Question", "A"], ["Killed", "word " * 30]])
    assert lines[0] == "  Question   A"
    assert lines[1].startswith("  Killed     word")
    assert lines[2].startswith("             word")
    assert max(map(len, lines)) <= WIDTH
