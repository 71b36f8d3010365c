"""Names are looked up without holding up anybody."""

import asyncio
import socket
import threading

import pytest

from streams.names import PatientResolver


async def test_a_name_of_this_machine_is_found() -> None:
    found = await PatientResolver().resolve("localhost", 80)
    assert {(r["host"], r["port"]) for r in found} == {("127.0.0.1", 80)}


async def test_a_name_that_is_none_raises() -> None:
    with pytest.raises(OSError, match=r".+"):
        await PatientResolver().resolve("no-such-host.invalid", 80)


async def test_a_look_up_that_never_ends_holds_up_no_other_thread_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: forever.wait())
    waiting = [asyncio.create_task(PatientResolver().resolve("slow", 80)) for _ in range(64)]
    await asyncio.sleep(0.05)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), timeout=5) == "free"
    for task in waiting:
        task.cancel()
    assert all(isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*waiting, return_exceptions=True))
    assert all(t.daemon for t in threading.enumerate() if t.name == "name slow")
