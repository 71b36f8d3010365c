"""The check of the address that is really dialled: whatever a name resolved to, and also for a number given as such.

A check of names, or by a resolver, is passed by ``http://127.0.0.1/`` and by a name that resolves differently the second
time. A socket is made for one address, so here nothing slips by.
"""

import socket
from collections.abc import Callable, Iterable
from typing import Any

from streams.addresses import Allowed, may_connect

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class AddressRefusedError(OSError):
    """A receiver's address that is not out in the world and that the operator has not allowed. Nothing was sent to it."""


def dialler(allowed: Iterable[Allowed] = ()) -> Callable[[AddrInfo], socket.socket]:
    """A maker of sockets, one for each address that is to be dialled.

    It refuses an address by raising AddressRefusedError, an OSError: another address of the same name is still tried.
    """
    entries = tuple(allowed)

    def make(info: AddrInfo) -> socket.socket:
        family, kind, protocol, _, (host, port, *_) = info
        if not may_connect(str(host), int(port), allowed=entries):
            raise AddressRefusedError(
                f"address {host} port {port} is not a public one; if the receiver is meant to be there, add {host} to the allowed addresses"
            )
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return make
