"""A document that hurts costs its worker, and nothing else."""

import os
import signal
import threading
import time

import pytest

from streams.feeds.parse import parse
from streams.feeds.worker import GuardedParser, parse_guarded
from tests.streams.feeds.documents import item, numbered, rss


def worker_of(parser: GuardedParser) -> int:
    assert parser._process.pid is not None
    return parser._process.pid


def test_a_worker_says_what_parse_says():
    document = rss(item(date="Sun, 01 Mar 2026 08:00:00 GMT"))
    assert parse_guarded(document, feed="wire") == parse(document, feed="wire")
    assert parse_guarded(b"<html>") == parse(b"<html>")


def test_one_worker_reads_many_documents():
    with GuardedParser() as parser:
        parser.parse(numbered([1]))
        first = worker_of(parser)
        parser.parse(numbered([2]))
        assert worker_of(parser) == first


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read():
    with GuardedParser(timeout_seconds=0.3) as parser:
        parser.parse(numbered([1]))
        # A worker that stands still, as one does over a document that is endless work.
        os.kill(worker_of(parser), signal.SIGSTOP)
        given_up = parser.parse(numbered([2]))
        assert given_up.entries == 0
        assert "0.3 s" in (given_up.error or "")
    with GuardedParser() as parser:
        assert parser.parse(numbered([3])).entries == 1


def test_a_worker_that_died_is_replaced():
    with GuardedParser() as parser:
        parser.parse(numbered([1]))
        os.kill(worker_of(parser), signal.SIGKILL)
        # The dying may be noticed before or during the next document; the one after that is read in any case.
        parser.parse(numbered([2]))
        assert parser.parse(numbered([3])).entries == 1


def test_a_document_that_needs_too_much_memory_is_said_in_words():
    document = rss(*(item(n, text="<![CDATA[" + "<p>x " * 40_000 + "]]>") for n in range(35)))
    assert parse(document).entries == 35
    with GuardedParser(memory_mb=64, timeout_seconds=2) as parser:
        parsed = parser.parse(document)
        assert parsed.entries == 0
        assert parsed.error


def test_a_worker_that_cannot_start_is_an_error_of_this_machine():
    with GuardedParser(start_seconds=0.001) as parser, pytest.raises(OSError, match="did not start"):
        parser.parse(numbered([1]))


def test_closing_does_not_wait_for_a_document():
    parser = GuardedParser(timeout_seconds=60)
    parser.parse(numbered([1]))
    os.kill(worker_of(parser), signal.SIGSTOP)
    reading = threading.Thread(target=parser.parse, args=(numbered([2]),))
    reading.start()
    while not parser._lock.locked():
        time.sleep(0.01)
    parser.close()
    reading.join(20)
    assert not reading.is_alive()
    parser.close()
