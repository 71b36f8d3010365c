"""A dashboard: its rows of panels in; JSON in Grafana's own form out, with numbered panels, links to the others and annotations."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    Panel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.boards.panels import SOURCE, link, scoped

TAG = "tocsin"


@dataclass(frozen=True)
class Row:
    """Panels under one heading, which is a question that they answer."""

    title: str
    panels: Sequence[Builder[Panel]]


@dataclass(frozen=True)
class Board:
    """One dashboard.

    Attributes:
        uid: Its address in Grafana, and the name of its file.
        says: What it is for, in a sentence.
        choices: Labels that can be chosen at the top beside job and instance, each with the metric that has them.
    """

    uid: str
    title: str
    says: str
    rows: Sequence[Row]
    choices: dict[str, str] = field(default_factory=dict)


def render(board: Board, all_boards: Sequence[Board]) -> str:
    """*board* as the text of its file."""
    builder = dashboard.Dashboard(board.title).uid(board.uid).description(board.says).tags([TAG]).readonly()
    builder.time("now-6h", "now").refresh("30s").timezone("utc").tooltip(DashboardCursorSync.CROSSHAIR)
    builder.with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(_chosen("Prometheus")))
    builder.with_variable(_choice("job", "tocsin_ready"))
    builder.with_variable(_choice("instance", 'tocsin_ready{job=~"$job"}'))
    for label, metric in board.choices.items():
        builder.with_variable(_choice(label, scoped(f"{metric}{{}}")))
    for other in all_boards:
        if other is not board:
            builder.link(link(other.title, other.uid))
    for row in board.rows:
        builder.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            builder.with_panel(panel)
    plain: dict[str, Any] = json.loads(json.dumps(builder.build(), cls=JSONEncoder))
    for number, panel in enumerate(plain["panels"], start=1):
        panel["id"] = number
    plain["annotations"] = {"list": list(_annotations())}
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _choice(label: str, metric: str) -> dashboard.QueryVariable:
    choice = dashboard.QueryVariable(label).label(label.capitalize()).datasource(SOURCE)
    choice.query({"query": f"label_values({metric}, {label})", "refId": f"choice-{label}"})
    choice.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return choice.multi(True).include_all(True).all_value(".+").current(_chosen("All", "$__all"))


def _chosen(text: str, value: str | None = None) -> VariableOption:
    return VariableOption(selected=True, text=text, value=value or text.lower())


def _annotations() -> Sequence[dict[str, Any]]:
    """What is marked on every panel: alerts for ops while they fire, versions when they change, starts.

    The SDK has no words for step and titles of annotations by Prometheus.
    """
    # A version is new in the two minutes in which it was not there before; a start is new for one.
    versions = scoped("count by (version) (tocsin_build_info{})")
    return [
        _annotation(
            "Alerts for ops", "red", 'ALERTS{alertname=~"Tocsin.+", alertstate="firing", severity!="none"}', "{{alertname}}", "severity"
        ),
        _annotation("Deploys", "blue", f"{versions} unless {versions.replace('}', '} offset 2m')}", "version {{version}}", "version"),
        _annotation("Starts", "purple", scoped("time() - process_start_time_seconds{} < 60"), "started {{instance}}", "job"),
    ]


def _annotation(name: str, color: str, expr: str, title: str, tag: str) -> dict[str, Any]:
    return {
        "name": name,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "datasource": {"type": SOURCE.type_val, "uid": SOURCE.uid},
        "expr": expr,
        "step": "60s",
        "titleFormat": title,
        "tagKeys": tag,
    }
