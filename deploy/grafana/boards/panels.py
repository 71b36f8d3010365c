"""Panels: a title, what to read from it, a unit and queries in; a panel of the Grafana Foundation SDK out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
SCOPE = 'job=~"$job", instance=~"$instance"'
"""What every query is narrowed to: the jobs and instances that are chosen at the top."""
FULL = 24
"""Columns of Grafana's grid."""


@dataclass(frozen=True)
class Query:
    """A question to Prometheus; each ``{...}`` in it is narrowed to what is chosen at the top.

    Attributes:
        legend: What a series is called; ``{{label}}`` is the label's value.
        everywhere: The series bear no instance (Prometheus's own ALERTS): nothing is narrowed.
    """

    expr: str
    legend: str = ""
    everywhere: bool = False

    @property
    def text(self) -> str:
        """As Grafana sends it."""
        return self.expr if self.everywhere else scoped(self.expr)


@dataclass(frozen=True)
class Steps:
    """From which value on a figure is orange, and from which it is red; with *falling*, below which."""

    orange: float | None = None
    red: float | None = None
    falling: bool = False

    def build(self) -> Sequence[Threshold]:
        """As Grafana takes them: ascending, each colour from its value on."""
        if self.falling:
            levels = [("red", None), ("orange", self.red), ("green", self.orange)]
        else:
            levels = [("green", None), ("orange", self.orange), ("red", self.red)]
        return [Threshold(color=color, value=value) for i, (color, value) in enumerate(levels) if i == 0 or value is not None]


def scoped(expr: str) -> str:
    """*expr* with the chosen jobs and instances in each of its selectors."""
    return re.sub(r"\{([^}]*)\}", lambda found: f"{{{SCOPE}{', ' if found[1] else ''}{found[1]}}}", expr)


def number(
    title: str, says: str, unit: str, query: Query, steps: Steps | None = None, *, width: int = 4, height: int = 4, graph: bool = True
) -> stat.Panel:
    """One figure as it is now, large, in the colour of its threshold."""
    panel = stat.Panel().title(title).description(says).datasource(SOURCE).unit(unit).span(width).height(height)
    panel.graph_mode(BigValueGraphMode.AREA).color_mode(BigValueColorMode.VALUE)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    panel.thresholds(_thresholds(steps or Steps()))
    panel.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return panel.with_target(_target(query, "A"))


def course(
    title: str,
    says: str,
    unit: str,
    *queries: Query,
    steps: Steps | None = None,
    width: int = 8,
    stacked: bool = False,
    most: float | None = None,
) -> timeseries.Panel:
    """Figures over time."""
    panel = timeseries.Panel().title(title).description(says).datasource(SOURCE).unit(unit).span(width).height(8).min(0)
    panel.line_width(1).fill_opacity(40 if stacked else 8)
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.BOTTOM).show_legend(True)
    panel.legend(legend.calcs(["lastNotNull", "max"]).sort_by("Max").sort_desc(True))
    if most is not None:
        panel.max(most)
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    panel.thresholds(_thresholds(steps or Steps()))
    if steps is not None:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    for query, ref in zip(queries, ascii_uppercase, strict=False):
        panel.with_target(_target(query, ref))
    return panel


@dataclass(frozen=True)
class Column:
    """One column of a table: a query whose value stands there, row by row."""

    name: str
    unit: str
    expr: str
    steps: Steps | None = None
    everywhere: bool = False


def rows(
    title: str, says: str, key: Sequence[str], *columns: Column, width: int = FULL, height: int = 10, sort: str | None = None
) -> table.Panel:
    """A table: one row for each value of the labels *key*, one column for each query."""
    panel = table.Panel().title(title).description(says).datasource(SOURCE).unit("short").span(width).height(height)
    names = {}
    for column, ref in zip(columns, ascii_uppercase, strict=False):
        query = _target(Query(column.expr, everywhere=column.everywhere), ref).instant().format(PromQueryFormat.TABLE)
        panel.with_target(query)
        names[f"Value #{ref}" if len(columns) > 1 else "Value"] = column.name
        panel.override_by_name(column.name, _cell(column))
    panel.thresholds(_thresholds(Steps()))
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    order = {label: i for i, label in enumerate(key)} | {name: len(key) + i for i, name in enumerate(names)}
    shown = {"excludeByName": {"Time": True}, "renameByName": names, "indexByName": order}
    panel.with_transformation(DataTransformerConfig(id_val="organize", options=shown))
    return panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(True)]) if sort else panel


def link(title: str, uid: str) -> dashboard.DashboardLink:
    """A way to another dashboard that takes the choices at the top and the time along."""
    way = dashboard.DashboardLink(title).type(DashboardLinkType.LINK).url(f"/d/{uid}").icon("dashboard")
    return way.keep_time(True).include_vars(True)


def _target(query: Query, ref: str) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.text).ref_id(ref).datasource(SOURCE).range()
    return target.legend_format(query.legend or "__auto")


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(list(steps.build()))


def _cell(column: Column) -> list[DynamicConfigValue]:
    cell = [DynamicConfigValue(id_val="unit", value=column.unit)]
    if column.steps is not None:
        cell.append(DynamicConfigValue(id_val="thresholds", value=_thresholds(column.steps).build()))
        cell.append(DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}))
    return cell
