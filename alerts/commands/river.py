"""The whole river, declared once, and the control records that its configuration files make."""

from collections.abc import Sequence
from datetime import datetime

from alerts.desk import STAGES
from alerts.records import Receiver, Route, RoutesInForce, RulesInForce
from alerts.rules.load import load_rules
from alerts.rules.receivers import load_receivers
from streams.detection.detector import Detector, load_detector
from streams.detection.revisions import Reader, detect
from streams.events.fuse import FUSE
from streams.settings import Settings
from streams.stages import Stage


def river(reader: Reader) -> tuple[Stage, ...]:
    """All stages in order, detecting with *reader*."""
    return (detect(reader), FUSE, *STAGES)


def detector_of(settings: Settings) -> Detector:
    """The detector that the settings ask for; takes seconds.

    Raises:
        GazetteerError: The gazetteer is not built.
    """
    return load_detector(gazetteer=settings.gazetteer, places=settings.sites, model=settings.model or None)


def rules_of(settings: Settings, *, at: datetime) -> RulesInForce:
    """The rules of the rule files, as in force from *at* on.

    Raises:
        RulesError: With all mistakes of the files.
    """
    return RulesInForce(at=at, rules=load_rules(settings.rules))


def routes_of(settings: Settings, *, at: datetime, also: Sequence[Receiver] = ()) -> RoutesInForce:
    """The receivers and routes of the receivers file, as in force from *at* on.

    Args:
        also: Receivers of this run that get everything, such as the sample's.

    Raises:
        RulesError: With all mistakes of the file.
    """
    known = load_receivers(settings.receivers)
    everything = (Route(receivers=tuple(r.id for r in also)),) if also else ()
    return RoutesInForce(
        at=at, receivers=(*known.receivers, *also), routes=(*known.routes, *everything), desk=known.desk, inhibitions=known.inhibitions,
        silences=known.silences,
    )  # fmt: skip


def configured(settings: Settings, *, at: datetime) -> tuple[RulesInForce, RoutesInForce]:
    """Both."""
    return rules_of(settings, at=at), routes_of(settings, at=at)
