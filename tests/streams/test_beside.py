"""What is kept beside a state is found with that state alone, once, and never too much of it."""

from streams.beside import Beside


class State:
    """Anything; two of them are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State)

    __hash__ = None  # type: ignore[assignment]


def counting(most: int = 10) -> tuple[Beside[State, list[int]], list[State]]:
    """A memo, and the states that it had to work out."""
    worked_out: list[State] = []

    def work_out(state: State) -> list[int]:
        worked_out.append(state)
        return []

    return Beside(work_out, most=most), worked_out


def test_what_was_laid_beside_a_state_is_found_with_it_and_not_with_its_equal() -> None:
    beside, worked_out = counting()
    state, equal, kept = State(), State(), [1]
    beside.lay(state, kept)
    assert beside.take(equal) == []
    assert beside.take(state) is kept
    assert worked_out == [equal]


def test_who_takes_it_has_it_alone() -> None:
    beside, worked_out = counting()
    state = State()
    beside.lay(state, [1])
    beside.take(state).append(2)
    assert beside.take(state) == []
    assert len(worked_out) == 1


def test_of_too_many_the_one_laid_longest_ago_is_worked_out_anew() -> None:
    beside, worked_out = counting(most=2)
    states = [State(), State(), State()]
    for state in states:
        beside.lay(state, [1])
    assert [beside.take(state) for state in states] == [[], [1], [1]]
    assert len(worked_out) == 1
