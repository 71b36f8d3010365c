"""Dates as feeds write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds.dates import read_date

T = datetime(2026, 3, 1, 8, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Sun, 01 Mar 2026 08:05:09 GMT", T),
        ("Sun, 1 Mar 2026 8:5:9 +0000", T),
        ("1 March 2026 08:05:09 UT", T),
        ("Sun,01 Mar 26 08:05:09 Z", T),
        ("Sun, 01 Mar 2026 03:05:09 EST", T),
        ("Sun, 01 Mar 2026 13:35:09 +0530", T),
        ("Sun, 01 Mar 2026 13:35:09 +05:30", T),
        ("Sun, 01 Mar 2026 08:05:09 -0000 (UTC)", T),
        ("Sun, 01 Mar 2026 17:05:09 GMT+9", T),
        ("Sun, 01 Mar 2026 17:05:09 GMT+0900", T),
        ("Sun, 01 Mar 2026 17:05:09 UTC+09:00", T),
        ("Sun, 01 Mar 2026 17:05:09 Etc/GMT-9", T),
        ("Sun, 01 Mar 2026 09:05:09 CET", T),
        ("2026-03-01T08:05:09Z", T),
        ("2026-03-01T10:05:09+02:00", T),
        ("2026-03-01T10:05:09.123456789+0200", T),
        ("2026-03-01 08:05:09", T),
        ("20260301T080509Z", T),
        ("Mar 1, 2026 8:05:09 am", T),
        ("March 1, 2026 03:05:09 AM EST", T),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("1 Mar 2026", datetime(2026, 3, 1, tzinfo=UTC)),
        ("Sun, 01 Mar 2026 12:00:00 am", datetime(2026, 3, 1, tzinfo=UTC)),
        ("31 Dec 1998 23:59:60 GMT", datetime(1998, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("01 Jan 70 00:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read(raw: str, moment: datetime):
    assert read_date(raw) == moment


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "now", "yesterday", "1772352309", "Sun, 32 Mar 2026 08:00:00 GMT", "30 Feb 2026", "Sun, 01 Foo 2026 08:00:00 GMT",
        "Sun, 01 Mar 2026 25:00:00 GMT", "Sun, 01 Mar 2026 08:00:00 IST",
        "Sun, 01 Mar 2026 08:00:00 +9900", "Sun, 01 Mar 2026 08:00:00 +0199",
        "Sun, 01 Mar 2026 13:00:00 pm GMT", "01/03/2026", "2026-13-01", "0000-01-01", "0001-01-01T00:00:00+14:00", "Mar 2026",
        "2026", "2026-03", "9" * 200,
    ],
)  # fmt: skip
def test_what_is_no_sure_date_is_unknown(raw: str | None):
    assert read_date(raw) is None


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0123456789-+:TZ ,./GMTUTCamp()JanSun\n\u0661"), max_size=60))
def test_reading_a_date_never_raises(raw: str):
    read = read_date(raw)
    assert read is None or read.tzinfo is UTC
