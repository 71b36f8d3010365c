"""Fences and watch lists: what their files say, and what is wrong with files that say something else."""

import json
from pathlib import Path
from typing import Any

import pytest

from alerts.records import Circle, Where
from alerts.rules.areas import AreaError, read_fence, read_watch_list
from alerts.rules.load import RulesError, load_rules
from alerts.rules.match import in_scope
from tests.alerts.saying import at, happened
from tests.builders import t4

HOMS = [[[36.0, 34.0], [38.0, 34.0], [38.0, 35.0], [36.0, 35.0], [36.0, 34.0]]]


def drawn(path: Path, found: Any) -> Path:
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_a_polygon_a_feature_and_a_collection_are_one_fence(tmp_path: Path) -> None:
    polygon = {"type": "Polygon", "coordinates": HOMS}
    feature = {"type": "Feature", "properties": {}, "geometry": polygon}
    shapes = [polygon, feature, {"type": "FeatureCollection", "features": [feature]}, {"type": "MultiPolygon", "coordinates": [HOMS]}]
    fences = [read_fence(drawn(tmp_path / "homs.geojson", shape)) for shape in shapes]
    assert len({f.polygons for f in fences}) == 1
    assert fences[0].name == "homs"
    assert 90 < fences[0].reach_km < 120


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"type": "Point", "coordinates": [36, 34]}, "no Polygon"),
        ({"type": "Polygon", "coordinates": [[[36, 134], [37, 134], [37, 135]]]}, "longitude first"),
        ({"type": "Polygon", "coordinates": [[[36, 34], [36, 34], [36, 34]]]}, "encloses nothing"),
        ({"type": "Polygon", "coordinates": [["36,34"]]}, "must be a list of"),
        ({"type": "Polygon", "coordinates": [[[-100, 10], [100, 10], [100, 60], [-100, 60]]]}, "put corners between"),
        ({"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90]]]}, "put corners between"),
        ([], "no Polygon"),
    ],
)
def test_what_is_no_fence_is_refused_with_what_to_do(tmp_path: Path, found: Any, says: str) -> None:
    with pytest.raises(AreaError, match=says):
        read_fence(drawn(tmp_path / "wrong.geojson", found))


def test_a_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(AreaError, match=r"none\.geojson: cannot be read"):
        read_fence(tmp_path / "none.geojson")
    (tmp_path / "sites.txt").write_text("# nothing yet\n\n", encoding="utf-8")
    with pytest.raises(AreaError, match="names no place"):
        read_watch_list(tmp_path / "sites.txt")


def test_a_place_known_only_widely_is_in_no_small_fence_and_in_no_small_circle(tmp_path: Path) -> None:
    where = Where(fence=(read_fence(drawn(tmp_path / "homs.geojson", {"type": "Polygon", "coordinates": HOMS})),))
    assert in_scope(happened("a", at(0)), where)
    assert not in_scope(happened("a", at(0), place=t4(lat=33.0)), where)
    country = t4(kind="country", precision="country", radius_km=300.0, lat=34.5, lon=37.0)
    assert not in_scope(happened("a", at(0), place=country), where), "a country's middle is no site"
    around = Where(near=(Circle(lat=34.5, lon=37.6, km=50),))
    assert in_scope(happened("a", at(0)), around)
    assert not in_scope(happened("a", at(0), place=t4(lat=35.2)), around)
    assert not in_scope(happened("a", at(0), place=country), around)


def test_a_watch_list_goes_by_id_name_and_other_names(tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("site:t4   # the big one\nKHMEIMIM\n\n", encoding="utf-8")
    named = read_watch_list(tmp_path / "ours.txt")
    assert named == ("site:t4", "khmeimim")
    assert in_scope(happened("a", at(0)), Where(watch_list=named))
    assert in_scope(happened("a", at(0), place=t4(id="x", name="Hmeimim", also=("Khmeimim",))), Where(watch_list=named))
    assert not in_scope(happened("a", at(0), place=t4(id="x", name="Saky", also=())), Where(watch_list=named))


def test_rules_take_them_from_files_beside_them(tmp_path: Path) -> None:
    drawn(tmp_path / "homs.geojson", {"type": "Polygon", "coordinates": HOMS})
    (tmp_path / "ours.txt").write_text("site:t4\n", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(
        "rules:\n  - id: a\n    title: A\n    severity: urgent\n    match:\n"
        "      fence: homs.geojson\n      watch_list: [ours.txt]\n      near: {lat: 34.5, lon: 37.6, km: 50}\n",
        encoding="utf-8",
    )
    [rule] = load_rules(tmp_path)
    assert in_scope(happened("a", at(0)), rule.where)
    (tmp_path / "rules.yaml").write_text(
        "rules:\n  - id: a\n    title: A\n    severity: urgent\n    match:\n      fence: none.geojson\n      near: {lat: 95, lon: 37.6}\n",
        encoding="utf-8",
    )
    with pytest.raises(RulesError) as told:
        load_rules(tmp_path)
    assert [line.split(":")[1] for line in told.value.mistakes] == ["7", "7", "6"]


def test_an_area_wider_than_half_the_globe_holds_with_corners_between(tmp_path: Path) -> None:
    ring = [[lon, lat] for lat, lons in ((10, (-100, 0, 100)), (60, (100, 0, -100))) for lon in lons]
    where = Where(fence=(read_fence(drawn(tmp_path / "wide.geojson", {"type": "Polygon", "coordinates": [ring]})),))
    assert in_scope(happened("a", at(0)), where)
    assert not in_scope(happened("a", at(0), place=t4(lon=150.0)), where)


def test_a_cap_around_a_pole_is_one_also_when_it_is_closed_along_the_antimeridian(tmp_path: Path) -> None:
    ring = [*([lon, 60] for lon in range(-180, 181, 60)), [180, 90], [-180, 90]]
    where = Where(fence=(read_fence(drawn(tmp_path / "arctic.geojson", {"type": "Polygon", "coordinates": [ring]})),))
    assert all(in_scope(happened("a", at(0), place=t4(lat=70.0, lon=lon)), where) for lon in (-179.0, 0.0, 45.0, 179.0))
    assert not in_scope(happened("a", at(0)), where)
