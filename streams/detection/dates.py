"""When a sentence says that things happened: its words and the article's own date go in, half-open UTC spans come out.

What is relative stays unknown without a date of publication; nothing is ever taken to be "now".
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from streams.records import DatePrecision, Occurred

DAY = timedelta(days=1)
CURRENT_DAYS = 7
"""What ended longer before publication is historical (DESIGN 3, rule 14)."""
_MONTHS = {
    m: i
    for i, m in enumerate(
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"], 1
    )
}
_MONTHS |= {m[:3]: i for m, i in _MONTHS.items()} | {"sept": 9}
_WEEKDAYS = {d: i for i, d in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])}
_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBERS = {w: i for i, w in enumerate(_SMALL)} | {
    "a": 1, "an": 1, "several": 3, "few": 3, "a few": 3, "a couple of": 2, "couple": 2, "fifteen": 15,
    "twenty": 20, "thirty": 30, "many": 10,
}  # fmt: skip
_ANY_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH = rf"(?P<month>{_ANY_MONTH})\.?"
_MONTH_NAME = rf"(?P<month>{'|'.join(m.capitalize() for m in _ANY_MONTH.split('|'))})\.?"
_COUNT = rf"(?P<count>\d+|a few|a couple of|an?|{'|'.join(_SMALL[1:])}|fifteen|twenty|thirty|several|many)"
_UNIT_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365, "decade": 3650, "century": 36500}


class DateWords(msgspec.Struct, frozen=True):
    """Words of a sentence that date something.

    Attributes:
        when: The span they mean; None if it cannot be known (no publication date), though the words are there.
        past: Whether the words alone put it into the past, long before any publication: "years ago", "in 1981".
        future: "next spring".
        duration: It is how long a thing took or went on, ending at publication: "over the past two days".
    """

    start: int
    end: int
    when: Occurred | None
    past: bool = False
    future: bool = False
    duration: bool = False
    days_before: int | None = None
    """ "one day after X": X was so many days before what the text told last."""
    governs: bool = False
    """ "four years after X": it dates X alone, whatever else the sentence tells."""


_LONG = re.compile(r"(?:month|year|decade|centur)\w* (?:ago|earlier|before)|last year", re.IGNORECASE)
"""Words that mean long ago whenever the text came out."""
_Reader = Callable[[re.Match[str], datetime | None], "Occurred | None"]


def find(sentence: str, published: datetime | None) -> list[DateWords]:
    """All words in *sentence* that date something, in order, without overlap; the more exact reading is tried first."""
    found: list[DateWords] = []
    lower = sentence.lower()
    there = {signs for signs in _SIGNS if any(map(lower.__contains__, signs))}
    for regex, reader, flags, signs in _READERS:
        if signs not in there:
            continue
        for match in regex.finditer(sentence):
            if any(match.start() < d.end and d.start < match.end() for d in found):
                continue
            when = reader(match, published)
            past = flags.get("past", False) or (when is None and _LONG.search(match.group()) is not None)
            found.append(DateWords(match.start(), match.end(), when, past, flags.get("future", False), flags.get("duration", False)))
    for match in _AFTER.finditer(sentence) if " day" in lower else ():
        if not any(match.start() < d.end and d.start < match.end() for d in found):
            found.append(DateWords(match.start(), match.end(), None, days_before=round(_count(match["count"]))))
    for match in _YEARS_AFTER.finditer(sentence):
        if not any(match.start() < d.end and d.start < match.end() for d in found):
            found.append(DateWords(match.start(), match.end(), None, past=True, governs=True))
    return sorted(found, key=lambda d: d.start)


def is_old(when: Occurred, published: datetime) -> bool:
    """Whether it ended more than a week before *published*."""
    return when.end < published - CURRENT_DAYS * DAY


def _span(start: datetime, days: float, precision: DatePrecision) -> Occurred:
    return Occurred(start=start, end=start + days * DAY, precision=precision)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _full(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """A day and month, with or without a year: without one, the last such day before publication."""
    month = _MONTHS[match["month"].lower()]
    try:
        if match["year"]:
            return _span(datetime(int(match["year"]), month, int(match["day"]), tzinfo=UTC), 1, "day")
        if published is None:
            return None
        for year in (published.year, published.year - 1):
            start = datetime(year, month, int(match["day"]), tzinfo=UTC)
            if start <= published + DAY:
                return _span(start, 1, "day")
    except ValueError:
        return None
    return None


def _month_span(year: int, month: int) -> Occurred:
    start = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return Occurred(start=start, end=end, precision="month")


def _month_year(match: re.Match[str], published: datetime | None) -> Occurred | None:
    return _month_span(int(match["year"]), _MONTHS[match["month"].lower()])


def _month(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """A month without a year: the last that had begun at publication."""
    if published is None:
        return None
    month = _MONTHS[match["month"].lower()]
    return _month_span(published.year - (month > published.month), month)


def _weekday(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """The last such weekday up to publication; "last Monday" on a Monday is a week before."""
    if published is None:
        return None
    today = _midnight(published)
    back = (today.weekday() - _WEEKDAYS[match["weekday"].lower()]) % 7
    if back == 0 and (match["last"] or "").lower() in {"last", "past", "previous"}:
        back = 7
    return _span(today - back * DAY, 1, "day")


def _days_back(days: int) -> _Reader:
    def read(match: re.Match[str], published: datetime | None) -> Occurred | None:
        return None if published is None else _span(_midnight(published) - days * DAY, 1, "day")

    return read


def _night(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """From the evening before to noon of the day: "overnight", "last night"."""
    if published is None:
        return None
    start = _midnight(published) - timedelta(hours=6)
    return Occurred(start=start, end=start + timedelta(hours=18), precision="day")


def _ago(match: re.Match[str], published: datetime | None) -> Occurred | None:
    if published is None:
        return None
    unit = match["unit"].lower().rstrip("s")
    unit = {"centurie": "century"}.get(unit, unit)
    back = _count(match["count"]) * _UNIT_DAYS[unit]
    if unit == "hour":
        start = (published - back * DAY).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return Occurred(start=start, end=start + timedelta(hours=1), precision="hour")
    if unit == "day":
        return _span(_midnight(published) - round(back) * DAY, 1, "day")
    width, precision = {"week": (7, "week"), "month": (30, "month")}.get(unit, (365, "year"))
    return _span(_midnight(published - back * DAY) - width * DAY / 2, width, precision)  # type: ignore[arg-type]


def _past(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """A stretch of days up to publication."""
    if published is None:
        return None
    unit = match["unit"].lower().rstrip("s")
    days = max(1, round(_count(match["count"] or "one") * _UNIT_DAYS[unit]))
    end = _midnight(published) + DAY
    precision: DatePrecision = "day" if days <= 2 else "week" if days <= 10 else "month" if days <= 45 else "year"
    return Occurred(start=end - (days + 1) * DAY, end=end, precision=precision)


def _last(match: re.Match[str], published: datetime | None) -> Occurred | None:
    """The calendar week, month or year before publication's, or the running one."""
    if published is None:
        return None
    today, back = _midnight(published), match["last"].lower() in {"last", "previous"}
    match match["unit"].lower():
        case "week":
            return _span(today - today.weekday() * DAY - back * 7 * DAY, 7, "week")
        case "month":
            index = published.year * 12 + published.month - 1 - back
            return _month_span(index // 12, index % 12 + 1)
    year = published.year - back
    return Occurred(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC), precision="year")


def _nothing(match: re.Match[str], published: datetime | None) -> Occurred | None:
    return None


def _count(words: str) -> float:
    return float(words) if words.isdigit() else float(_NUMBERS.get(words.lower(), 3))


def _year(match: re.Match[str], published: datetime | None) -> Occurred | None:
    year = int(match["year"] or match["year2"])
    return Occurred(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC), precision="year")


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + pattern + r")\b", re.IGNORECASE)


_ANY_DAY = "|".join(_WEEKDAYS)
_DAYNAME = rf"(?P<weekday>{_ANY_DAY})"
_YEAR = r"(?P<year>1[5-9]\d\d|20\d\d)"
_SEASON = "spring|summer|autumn|fall|winter"
_NEXT = rf"(?:next|coming|upcoming) (?:week|month|year|{_SEASON}|{_ANY_DAY})|tomorrow"
_AGO = rf"{_COUNT} (?P<unit>hours?|days?|weeks?|months?|years?|decades?|centuries|century) (?:ago|earlier|before now)"
_LONG_AGO = (
    r"(?:some |many |several )?(?:years|decades|centuries|generations) ago"
    r"|during (?:the )?(?:world war(?: [ivx\d]+)?|cold war|civil war of)"
    r"|in (?:the )?(?:1[5-9]|20)\d0s|last century|in recent years|long ago|in those (?:days|years)|back then"
)
_OVER_THE_PAST = (
    rf"(?:over|in|during|for|within) the (?:past|last) (?:(?P<count>\d+|few|couple|{'|'.join(_SMALL[1:11])}|several) )?"
    r"(?P<unit>hours?|days?|weeks?|months?|years?)"
)
_IN_MONTH = (
    r"\b(?:[Ii]n|[Ss]ince|[Dd]uring|[Ll]ast|[Bb]y|(?:[Ee]arlier|[Ll]ate|[Ee]arly) (?:in )?|[Ee]arl(?:y|ier)|[Mm]id-?)\s?"
    + _MONTH_NAME
    + r"(?!\w)(?! \d)"
)
_IN_YEAR = (
    rf"(?:in|since|during|of|back in|by|the|an?|that|from|until|early|late|{_SEASON}) {_YEAR}|{_YEAR.replace('year', 'year2')}"
    r"(?='s|’s| war| invasion| attack| bombing| offensive| revolution| battle| siege| uprising)"
)
_MONTH_SIGNS = tuple(month[:3] for month in _MONTHS)
_READERS: list[tuple[re.Pattern[str], _Reader, dict[str, bool], tuple[str, ...]]] = [
    (_regex(_NEXT), _nothing, {"future": True}, ("next ", "coming ", "tomorrow")),
    (_regex(_MONTH + r" (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? " + _YEAR + ")?"), _full, {}, _MONTH_SIGNS),
    (_regex(r"(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?" + _MONTH + "(?:,? " + _YEAR + ")?"), _full, {}, _MONTH_SIGNS),
    (_regex(_MONTH + r"(?: of)?,? " + _YEAR), _month_year, {}, _MONTH_SIGNS),
    (_regex(_AGO), _ago, {}, ("ago", "earlier", "before now")),
    (_regex(_LONG_AGO), _nothing, {"past": True}, ("ago", "war", "0s", "last century", "recent years")),
    (_regex(_OVER_THE_PAST), _past, {"duration": True}, (" the past", " the last")),
    (re.compile(_IN_MONTH), _month, {}, _MONTH_SIGNS),
    (_regex(r"(?:(?P<last>last|past|previous|this|late|early) )?" + _DAYNAME), _weekday, {}, ("day",)),
    (_regex(r"overnight|last night|in the night|during the night"), _night, {}, ("night",)),
    (_regex(r"yesterday"), _days_back(1), {}, ("yesterday",)),
    (_regex(r"today|tonight|this (?:morning|afternoon|evening)|earlier in the day"), _days_back(0), {}, ("day", "tonight", "this ")),
    (_regex(r"(?:earlier )?(?P<last>last|previous|this|earlier this) (?P<unit>week|month|year)"), _last, {}, ("week", "month", "year")),
    (_regex(rf"(?:the )?(?P<last>last|previous) (?P<unit>{_SEASON})"), _last, {"past": True}, ("last ", "previous ")),
    (_regex(_IN_YEAR), _year, {}, ("15", "16", "17", "18", "19", "20")),
]
"""Patterns, the more exact first: each with its reader, what it says besides, and parts of words without one of which it cannot match."""
_SIGNS = frozenset(signs for *_, signs in _READERS)


_AFTER = _regex(_COUNT + r" days? (?:after|following)")
_YEARS_AFTER = _regex(rf"(?:{_COUNT}|months|years|decades) ?(?:months?|years?|decades?)? (?:on from|after|since|following)")
