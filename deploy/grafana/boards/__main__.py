"""Write the JSON of every dashboard into deploy/grafana/dashboards; `make dashboards` runs it."""

from pathlib import Path

from deploy.grafana.boards.board import render
from deploy.grafana.boards.delivery import DELIVERY
from deploy.grafana.boards.detection import DETECTION
from deploy.grafana.boards.feeds import FEEDS
from deploy.grafana.boards.pipeline import PIPELINE
from deploy.grafana.boards.watch_floor import WATCH_FLOOR

BOARDS = (WATCH_FLOOR, PIPELINE, FEEDS, DELIVERY, DETECTION)
FOLDER = Path(__file__).parents[1] / "dashboards"


def files() -> dict[str, str]:
    """What each file of the folder holds, by name."""
    return {f"{board.uid}.json": render(board, BOARDS) for board in BOARDS}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)
