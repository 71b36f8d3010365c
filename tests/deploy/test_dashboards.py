"""The dashboards: what is committed is what the code makes, and each keeps the rules of Grafana's dashboard-linter and some of our own."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import promql_parser
import pytest

from deploy.grafana.boards.__main__ import BOARDS, FOLDER, files
from deploy.grafana.boards.board import TAG
from deploy.grafana.boards.panels import SCOPE, Query, Steps

Panel = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"bool_yes_no", "bytes", "cpm", "cps", "percentunit", "s", "short"}
"""Of Grafana's list, those that we use; a figure is in base units, and Grafana finds the prefix."""
FOUND = {name: json.loads(text) for name, text in files().items()}
EVERYWHERE = {("Tocsin: Watch floor", "Alerts for ops")}
"""Panels whose series Prometheus makes itself, by rules that sum over instances: no job and no instance to narrow them to."""
RANGES = {"5m": ("$__rate_interval",), "6h": ("$__range",)}


def panels(board: dict[str, Any]) -> list[Panel]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def filled(expr: str) -> str:
    """*expr* with something in the place of each variable of Grafana, so that it is PromQL."""
    for value, names in RANGES.items():
        for name in names:
            expr = expr.replace(name, value)
    return re.sub(r"\$\w+", "some", expr)


def inside(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node of a query, each with those above it."""
    yield node, above
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        below = getattr(node, name, None)
        if below is not None and not isinstance(below, int | float | str):
            yield from inside(below, (*above, node))
    for below in getattr(node, "args", ()):
        yield from inside(below, (*above, node))


# --- what a board must be


def is_read_only(board: dict[str, Any]) -> Iterator[str]:
    if board["editable"]:
        yield "can be edited in Grafana, where the next start undoes it"


def offers_data_source_job_and_instance(board: dict[str, Any]) -> Iterator[str]:
    source, *others = board["templating"]["list"]
    if (source["name"], source["type"], source["query"]) != ("datasource", "datasource", "prometheus"):
        yield "has no choice of the data source"
    if [one["name"] for one in others[:2]] != ["job", "instance"]:
        yield "has no choice of job and instance"
    for one in others:
        if not (one["multi"] and one["includeAll"] and one["allValue"] == ".+" and one["refresh"] == 2 and one["datasource"] == SOURCE):
            yield f"{one['name']} is not of the data source that is chosen, cannot be several or all, or grows old when the time changes"
        selector = re.fullmatch(rf"label_values\((.*), {one['name']}\)", one["query"]["query"])
        if selector is None:
            yield f"{one['name']} is no question for its own values"
        else:
            promql_parser.parse(filled(selector[1]))


def leads_to_all_others(board: dict[str, Any]) -> Iterator[str]:
    if [link["url"] for link in board["links"]] != [f"/d/{other.uid}" for other in BOARDS if other.uid != board["uid"]]:
        yield "does not lead to all others"
    if not all(link["keepTime"] and link["includeVars"] for link in board["links"]):
        yield "leads away without time and choices"


def marks_alerts_and_deploys(board: dict[str, Any]) -> Iterator[str]:
    for one in board["annotations"]["list"]:
        promql_parser.parse(filled(one["expr"]))
        if one["datasource"] != SOURCE or not one["enable"]:
            yield f"{one['name']} is off, or of another data source"
    exprs = " ".join(one["expr"] for one in board["annotations"]["list"])
    if "ALERTS" not in exprs or "tocsin_build_info" not in exprs:
        yield "marks no alerts, or no deploys"


def says_what_it_is_for(board: dict[str, Any]) -> Iterator[str]:
    if not board["description"] or TAG not in board["tags"]:
        yield "has no description or no tag"


def numbers_its_panels(board: dict[str, Any]) -> Iterator[str]:
    ids = [panel["id"] for panel in board["panels"]]
    if ids != list(range(1, len(ids) + 1)):
        yield f"numbers its panels {ids}"


def lays_its_panels_side_by_side(board: dict[str, Any]) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        if at["x"] + at["w"] > 24:
            yield f"{panel['title']} is wider than the page"
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if cell in taken:
                yield f"{panel['title']} lies on {taken[cell]}"
                break
            taken[cell] = panel["title"]


BOARD_RULES: list[Callable[[dict[str, Any]], Iterator[str]]] = [
    is_read_only,
    offers_data_source_job_and_instance,
    leads_to_all_others,
    marks_alerts_and_deploys,
    says_what_it_is_for,
    numbers_its_panels,
    lays_its_panels_side_by_side,
]

# --- what a panel must be


def has_title_and_description(panel: Panel) -> Iterator[str]:
    if not panel["title"] or not panel["description"].endswith("."):
        yield "has no title, or no description in sentences"


def has_a_unit(panel: Panel) -> Iterator[str]:
    found = {panel["fieldConfig"]["defaults"].get("unit")}
    found |= {one["value"] for rule in panel["fieldConfig"]["overrides"] for one in rule["properties"] if one["id"] == "unit"}
    if not found <= UNITS:
        yield f"has units {found - UNITS}"


def reads_the_data_source_that_is_chosen(panel: Panel) -> Iterator[str]:
    if panel["datasource"] != SOURCE or any(target["datasource"] != SOURCE for target in panel["targets"]):
        yield "reads another data source"


def asks_something_under_letters(panel: Panel) -> Iterator[str]:
    letters = [target["refId"] for target in panel["targets"]]
    if letters != [chr(ord("A") + i) for i in range(len(letters))] or not letters:
        yield f"asks nothing, or under the letters {letters}"


def has_ascending_thresholds(panel: Panel) -> Iterator[str]:
    steps = [panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    changed = [one for rule in panel["fieldConfig"]["overrides"] for one in rule["properties"]]
    steps += [one["value"]["steps"] for one in changed if one["id"] == "thresholds"]
    for values in ([step.get("value") for step in one] for one in steps):
        if values[0] is not None or values[1:] != sorted(values[1:]):
            yield f"has thresholds {values}"


PANEL_RULES: list[Callable[[Panel], Iterator[str]]] = [
    has_title_and_description,
    has_a_unit,
    reads_the_data_source_that_is_chosen,
    asks_something_under_letters,
    has_ascending_thresholds,
]

# --- what a query must be


def selectors(expr: str) -> list[tuple[Any, tuple[Any, ...]]]:
    """The selectors of a query, each with what is above it."""
    return [(node, above) for node, above in inside(promql_parser.parse(filled(expr))) if isinstance(node, promql_parser.VectorSelector)]


def is_narrowed_to_what_is_chosen(expr: str) -> Iterator[str]:
    asked = set(re.findall(r'(\w+)=~"\$', SCOPE))
    for selector, _ in selectors(expr):
        if not asked <= {matcher.name for matcher in selector.matchers.matchers}:
            yield f"{selector.name} is not narrowed to the job and instance that are chosen"


def takes_the_rate_over_what_grafana_says(expr: str) -> Iterator[str]:
    for found in re.finditer(r"\bi?rate\([^\[]*\[([^\]]*)\]", expr):
        if found[1] != "$__rate_interval":
            yield f"takes a rate over {found[1]}"


def reads_counters_as_what_they_grew_by(expr: str) -> Iterator[str]:
    for selector, above in selectors(expr):
        if re.search(r"_(total|bucket|sum|count)$", selector.name or ""):
            call = above[-2] if len(above) > 1 else None
            if not (isinstance(call, promql_parser.Call) and call.func.name in {"rate", "irate", "increase"}):
                yield f"reads the counter {selector.name} as it stands"


def keeps_le_in_quantiles(expr: str) -> Iterator[str]:
    for node, _ in inside(promql_parser.parse(filled(expr))):
        if isinstance(node, promql_parser.Call) and node.func.name == "histogram_quantile" and "le" not in node.args[1].modifier.labels:
            yield "sums over the edges of a histogram"


QUERY_RULES: list[Callable[[str], Iterator[str]]] = [
    is_narrowed_to_what_is_chosen,
    takes_the_rate_over_what_grafana_says,
    reads_counters_as_what_they_grew_by,
    keeps_le_in_quantiles,
]

# --- tests


def test_the_files_are_what_the_code_makes() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == files(), "run `make dashboards`"


@pytest.mark.parametrize("rule", BOARD_RULES, ids=lambda rule: str(rule.__name__))
def test_every_board(rule: Callable[[dict[str, Any]], Iterator[str]]) -> None:
    assert [f"{board['title']}: {fault}" for board in FOUND.values() for fault in rule(board)] == []


@pytest.mark.parametrize("rule", PANEL_RULES, ids=lambda rule: str(rule.__name__))
def test_every_panel(rule: Callable[[Panel], Iterator[str]]) -> None:
    assert [f"{board['title']}: {p['title']}: {fault}" for board in FOUND.values() for p in panels(board) for fault in rule(p)] == []


@pytest.mark.parametrize("rule", QUERY_RULES, ids=lambda rule: str(rule.__name__))
def test_every_query(rule: Callable[[str], Iterator[str]]) -> None:
    asked = [(b["title"], p["title"], t["expr"]) for b in FOUND.values() for p in panels(b) for t in p["targets"]]
    excused = EVERYWHERE if rule is is_narrowed_to_what_is_chosen else set()
    assert len(asked) > 50
    assert [f"{b}: {p}: {fault}" for b, p, expr in asked if (b, p) not in excused for fault in rule(expr)] == []


def test_titles_of_panels_are_unique_in_a_board() -> None:
    for board in FOUND.values():
        titles = [panel["title"] for panel in panels(board)]
        assert len(titles) == len(set(titles)), board["title"]


@pytest.mark.parametrize(
    ("rule", "expr"),
    [
        (is_narrowed_to_what_is_chosen, "tocsin_ready"),
        (is_narrowed_to_what_is_chosen, 'sum(tocsin_ready{job=~"$job"})'),
        (takes_the_rate_over_what_grafana_says, "rate(tocsin_polls_total[5m])"),
        (reads_counters_as_what_they_grew_by, "sum(tocsin_polls_total)"),
        (reads_counters_as_what_they_grew_by, "max_over_time(tocsin_polls_total[5m])"),
        (keeps_le_in_quantiles, "histogram_quantile(0.9, sum by (stage) (rate(tocsin_stage_batch_seconds_bucket[5m])))"),
    ],
)
def test_a_query_that_breaks_a_rule_is_found(rule: Callable[[str], Iterator[str]], expr: str) -> None:
    assert list(rule(expr))


def test_every_selector_of_a_query_is_narrowed() -> None:
    query = Query('sum(a{}) / sum(b{c="d"})')
    assert query.text == f'sum(a{{{SCOPE}}}) / sum(b{{{SCOPE}, c="d"}})'


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (Steps(), [("green", None)]),
        (Steps(1, 5), [("green", None), ("orange", 1), ("red", 5)]),
        (Steps(None, 5), [("green", None), ("red", 5)]),
        (Steps(0.9, 0.5, falling=True), [("red", None), ("orange", 0.5), ("green", 0.9)]),
    ],
)
def test_thresholds_ascend_from_the_colour_of_the_least(steps: Steps, wanted: list[tuple[str, float | None]]) -> None:
    assert [(step.color, step.value) for step in steps.build()] == wanted
