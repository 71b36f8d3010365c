"""The records of `streams`: what travels from a feed to an event. Frozen, typed, JSON on the wire.

Every record knows its ``at``: the moment it was made, from which the step that reads it takes its "now".
Times are aware datetimes in UTC. ``None`` always means "not known", never "zero" or "now".
"""

import hashlib
from base64 import b32encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Literal, get_args

import msgspec

KineticType = Literal[
    "armed_clash", "government_regains_territory", "non_state_actor_overtakes_territory", "air_drone_strike",
    "shelling_artillery_missile_attack", "suicide_bomb", "remote_explosive_ied", "grenade", "chemical_weapon", "attack",
    "abduction_forced_disappearance", "aircraft_shot_down", "naval_attack", "siege",
]  # fmt: skip
StrategicType = Literal[
    "agreement", "arrests", "change_to_group_activity", "disrupted_weapons_use", "headquarters_or_base_established",
    "looting_property_destruction", "non_violent_transfer_of_territory", "withdrawal", "force_movement", "threat",
    "claim_attribution",
]  # fmt: skip
EventType = KineticType | StrategicType
Category = Literal["kinetic", "strategic"]
Family = Literal["ground", "air", "indirect", "bomb", "civilians", "sea", "posture"]
Status = Literal[
    "asserted", "claimed",
    "denied", "negated", "attempted", "threatened", "planned", "hypothetical", "historical", "follow_up", "exercise",
]  # fmt: skip
Outcome = Literal["repelled", "intercepted", "captured", "partly_captured", "failed"]
Role = Literal["attacker", "target", "unknown"]
ActorType = Literal["state", "non_state", "civilian", "unknown"]
DatePrecision = Literal["hour", "day", "week", "month", "year"]
PlacePrecision = Literal["exact", "near", "admin2", "admin1", "country"]
Question = Literal["happened", "control", "killed", "injured", "attacker", "losses"]

KINETIC: frozenset[str] = frozenset(get_args(KineticType))
STRATEGIC: frozenset[str] = frozenset(get_args(StrategicType))
FAMILIES: dict[EventType, Family] = {
    **dict.fromkeys(("armed_clash", "government_regains_territory", "non_state_actor_overtakes_territory", "siege"), "ground"),
    **dict.fromkeys(("air_drone_strike", "aircraft_shot_down"), "air"),
    "shelling_artillery_missile_attack": "indirect",
    **dict.fromkeys(("suicide_bomb", "remote_explosive_ied", "grenade", "chemical_weapon"), "bomb"),
    **dict.fromkeys(("attack", "abduction_forced_disappearance"), "civilians"),
    "naval_attack": "sea",
    **dict.fromkeys(get_args(StrategicType), "posture"),
}
"""As in `detection/data/types.tsv`."""
TERRITORIAL: frozenset[str] = frozenset({"government_regains_territory", "non_state_actor_overtakes_territory"})
CURRENT: frozenset[str] = frozenset({"asserted", "claimed"})
STATUSES: frozenset[str] = frozenset(get_args(Status))
FACILITIES: frozenset[str] = frozenset(
    {
        "air_base",
        "airport",
        "naval_base",
        "port",
        "base",
        "checkpoint",
        "barracks",
        "camp",
        "border_crossing",
        "depot",
        "plant",
        "dam",
        "bridge",
        "prison",
    }
)
"""Kinds of place that are one site rather than a settlement or an area: there, all kinetic families are one event."""

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone; one without compares with no other, and cannot be read."""
Range = tuple[int | None, int | None]
"""Lowest and highest count that the text allows: ``(23, None)`` is "at least 23"."""


FORMAT = 1
"""Version of the form in which records lie in topics; each names it there (``v``, see `streams.topics`)."""


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag=True, gc=False):
    """Anything that lies in a topic; on the wire it names its kind, and the `FORMAT` it was written in.

    The rule by which versions read each other: a field that is added has a default, and no field goes, changes its meaning or
    takes other values. So an older record is read, and a newer one too, its unknown fields passed over. Whatever cannot be done so
    counts `FORMAT` up: a record of a higher one is refused, with a word that says to upgrade. The same holds for states, without
    the refusal. Samples of what each version wrote are in tests/golden.

    Frozen and made of frozen parts, it cannot refer to itself: the garbage collector need not look at it.
    """


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a record."""


class Tick(Record, frozen=True, kw_only=True):
    """The passing of time, written into an input log by the runtime."""

    at: Time


class Verdict(Record, frozen=True, kw_only=True):
    """An officer's word on an event: a control record."""

    event: str
    accepted: bool
    by: str
    at: Time


class Article(Record, frozen=True, kw_only=True):
    """One entry of a feed as published, one revision of it."""

    id: str
    feed: str | None = None
    url: str | None = None
    title: str | None = None
    text: str
    outlet: str | None = None
    """Who publishes it, as configured for the feed; for an aggregator, the aggregator."""
    owner: str | None = None
    """Who stands behind the outlet, as configured for the feed; None: whoever the table of outlets names, else the outlet."""
    published: Time | None = None
    """The feed's word; may be wrong, early or edited."""
    updated: Time | None = None
    fetched: Time | None = None
    """Ours: when it was read; None only in files of articles, where ``published`` stands in."""
    author: str | None = None
    guid: str | None = None
    sample: bool = False
    """From a feed that is an exercise: shown as such, and never part of novelty, baselines or verdicts."""

    @property
    def at(self) -> datetime:
        """When we had it. An article of a file without any time is of the beginning of time."""
        return self.fetched or self.published or EPOCH

    @property
    def body(self) -> str:
        """Title and text as evidence offsets count them."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


class Place(Part, frozen=True, kw_only=True):
    """Where something is, as far as it is known."""

    id: str
    name: str
    kind: str
    lat: float
    lon: float
    radius_km: float
    """Within which the thing named lies, at the precision of this mention."""
    country: str
    """ISO 3166 alpha-2."""
    admin1: str | None = None
    """Name of the first-level division."""
    precision: PlacePrecision = "exact"
    mgrs: str = ""
    """Military grid reference whose digits state the radius."""
    admin1_code: str | None = None
    country_name: str | None = None
    also: tuple[str, ...] = ()
    """Other names that officers use, most used first."""
    relative: str | None = None
    """Distance and bearing from a town that people know: ``59 km W of Palmyra``."""


class Actor(Part, frozen=True, kw_only=True):
    """Who took part."""

    id: str
    name: str
    role: Role
    type: ActorType = "unknown"
    named: str | None = None
    """The words of the text: ``ISIS`` for Islamic State."""


class Occurred(Part, frozen=True, kw_only=True):
    """When a thing happened, as the text says it: [start, end) in UTC."""

    start: Time
    end: Time
    precision: DatePrecision


class Span(Part, frozen=True, kw_only=True):
    """A verbatim piece of ``Article.body``: ``body[start:end] == quote``."""

    start: int
    end: int
    quote: str


class Signature(Part, frozen=True, kw_only=True):
    """What finds copies of a text.

    ``minhash`` holds 126 32-bit numbers, big-endian (RMinHash over 3-word shingles); ``shingles`` is how many distinct
    shingles there were; ``title`` is a hash of the normalised headline ("" without one), for texts too short to compare.
    """

    minhash: bytes
    shingles: int
    title: str = ""


class Party(Part, frozen=True, kw_only=True):
    """Those on one side of a toll, in the words of the text: "rebels", "government troops"."""

    people: str
    killed: Range | None = None
    injured: Range | None = None


class Mention(Record, frozen=True, kw_only=True):
    """One article's reference to one occurrence.

    The id stays the same from revision to revision of the article as long as type and place do.
    """

    id: str
    article: str
    feed: str | None = None
    fetched: Time
    """Of the article's revision that says this: of two mentions of one id the later counts."""
    published: Time
    """The article's, never later than 5 minutes after ``fetched``; ``fetched`` where the feed gives none (then not ``dated``)."""
    dated: bool = True
    """Whether the feed says when the article came out. Without it nothing that is relative to publication has a date."""
    type: EventType
    category: Category
    family: Family
    status: Status
    outcome: Outcome | None = None
    confidence: float
    place: Place | None = None
    unresolved: str | None = None
    """Why there is no place."""
    actors: tuple[Actor, ...] = ()
    weapons: tuple[str, ...] = ()
    killed: Range | None = None
    injured: Range | None = None
    parties: tuple[Party, ...] = ()
    """Whose dead and injured the text counts apart; ``killed`` and ``injured`` are of all together."""
    losses: str | None = None
    """Materiel lost, in the words of the text: ``at least three warplanes``."""
    occurred: Occurred | None = None
    source: str | None = None
    """Who the article says it heard it from."""
    outlet: str | None = None
    """Who is credited: the outlet tagged in an aggregator's entry, else the article's."""
    owner: str
    """Who counts as the one source behind it: the cited agency, else the owner of ``outlet``. Lower case."""
    evidence: Span
    url: str | None = None
    signature: Signature | None = None
    more: int = 0
    """How many records of this revision follow under this key; fuse speaks at the last, of all that the article says."""
    clock_corrected: bool = False
    """The feed dated the article in the future; ``fetched`` was taken instead."""
    sample: bool = False
    made_by: str = ""
    """Which reader found it, with the versions of all that it reads by: see `detection.provenance`. For people; decides nothing."""

    @property
    def at(self) -> datetime:
        return self.fetched

    @property
    def key(self) -> str:
        """What fuse works by: the first-level division, or the country; exercises apart."""
        return fuse_key(self.place, exercise=(self.feed or "") if self.sample else None)

    @property
    def current(self) -> bool:
        """Whether it speaks of something that happened now, in somebody's word."""
        return self.status in CURRENT


class Withdrawn(Record, frozen=True, kw_only=True):
    """A mention that the next revision of its article no longer makes."""

    id: str
    """Of the mention."""
    article: str
    key: str
    fetched: Time
    more: int = 0
    """As of a mention."""

    @property
    def at(self) -> datetime:
        return self.fetched


class Claim(Part, frozen=True, kw_only=True):
    """One answer to one question about an event, and everybody who gives it."""

    question: Question
    answer: str
    by: tuple[str, ...]
    """Outlets or cited sources, in order of their first report."""
    quote: str
    article: str


class Evidence(Part, frozen=True, kw_only=True):
    """One passage behind an event."""

    article: str
    outlet: str | None
    published: Time | None
    """None where the feed does not say."""
    quote: str
    source: str | None = None
    owner: str = ""
    status: Status = "asserted"
    url: str | None = None
    start: int = 0
    end: int = 0


class Event(Record, frozen=True, kw_only=True, cache_hash=True):
    """One occurrence, fused from mentions. What it says is a function of the set of its mentions alone."""

    id: str
    revision: int
    at: Time
    """When fuse said so: the latest ``fetched`` it had seen under this key."""
    key: str
    type: EventType
    category: Category
    family: Family
    place: Place
    occurred: Occurred | None
    first_reported: Time
    last_reported: Time
    actors: tuple[Actor, ...] = ()
    weapons: tuple[str, ...] = ()
    killed: Range | None = None
    injured: Range | None = None
    losses: str | None = None
    disputed: bool = False
    articles: int = 0
    owners: int = 0
    """Independent sources: owners, with copies of one text counted once."""
    supporters: int = 0
    """Of them, those who say that it was of this ``type``; 0 in records of before this was counted."""
    claims: tuple[Claim, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    background: tuple[Evidence, ...] = ()
    """Mentions of this place that were kept but not counted: historical, planned, denied by nobody else."""
    confidence: float = 0.0
    """Probability that it happened, from the mentions'."""
    merged_into: str | None = None
    sample: bool = False

    @property
    def accepted(self) -> bool:
        """Whether somebody still says that it happened. A dismissal by an officer is the judge's to know."""
        return bool(self.evidence) and self.merged_into is None

    @property
    def backing(self) -> int:
        """Independent sources of what the event is called: that a place was taken is not confirmed by who says that it was attacked."""
        return min(self.owners, self.supporters or self.owners) if self.type in TERRITORIAL else self.owners

    @property
    def number(self) -> str:
        """The number that officers see: the year and base32 of the event's hash."""
        year = (self.occurred.start if self.occurred else self.first_reported).year
        return f"TOC-{year}-{_letters(self.id)}"


@lru_cache(maxsize=1 << 14)
def _letters(event: str) -> str:
    """The five letters of an event's number."""
    return b32encode(bytes.fromhex(event)[:5]).decode()[:5]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_YEAR = 2200


def plausible(time: datetime | None) -> datetime | None:
    """*time*, unless no news can be of then: feeds write the years 1 and 9999 where they mean "unknown"."""
    return time if time is not None and EPOCH.year <= time.year < LAST_YEAR else None


def digest(*parts: str) -> str:
    """Name a thing by what it is: 128 bits of SHA-256 over the parts, in hex."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def fuse_key(place: Place | None, *, exercise: str | None = None) -> str:
    """The key under which mentions can meet: ``SY.11``, ``SY`` at country precision, ``?`` without a place.

    Args:
        exercise: The feed of an exercise, whose mentions meet nobody else's; None for real news.
    """
    where = "?" if place is None else place.admin1_code if place.admin1_code and place.precision != "country" else place.country
    return where if exercise is None else f"exercise:{exercise}:{where}"
