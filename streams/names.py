"""Host names to addresses, without holding up anything else: a name server that never answers costs only who asked.

A look-up cannot be broken off, and asyncio's own way makes all threads of the program wait for it, also at the end. Here each
look-up has a thread of its own that nobody waits for.
"""

import asyncio
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult


class PatientResolver(AbstractResolver):
    """A resolver for `aiohttp.TCPConnector`; whoever asks gives up by the session's own time limit."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of *host*.

        Raises:
            OSError: There is no such host, or no name server.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[list[Any]] = loop.create_future()

        def look_up() -> None:
            try:
                found: list[Any] | OSError = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
            except OSError as error:
                found = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(_answer, answered, found)

        threading.Thread(target=look_up, name=f"name {host}", daemon=True).start()
        return [
            ResolveResult(
                hostname=host, host=address[0], port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            )
            for kind, _, protocol, _, address in await answered
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _answer(answered: "asyncio.Future[list[Any]]", found: list[Any] | OSError) -> None:
    if answered.done():
        return
    if isinstance(found, OSError):
        answered.set_exception(found)
    else:
        answered.set_result(found)
