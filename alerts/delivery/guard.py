"""The check of the address that is really dialled: whatever a name resolved to, and also for a number given as such.

A check of names, or by a resolver, is passed by ``http://127.0.0.1/`` and by a name that resolves differently the second
time. A socket is made for one address, so here nothing slips by.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_network
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


def read_allowed(lines: Iterable[str]) -> tuple[Allowed, ...]:
    """Read an allow-list as operators write it: ``10.1.0.0/16``, ``10.1.2.3:8443``, ``[fd00::/8]:443``.

    Raises:
        ValueError: A line is none of these; the text says which and what it should look like.
    """
    return tuple(_read(line.strip()) for line in lines if line.strip())


def _read(line: str) -> Allowed:
    has_port = line.count(":") == 1 or (line.startswith("[") and "]:" in line)
    network, _, port = line.rpartition(":") if has_port else (line, "", "")
    try:
        number = int(port) if has_port else None
        if number is not None and not 0 < number < 65536:
            raise ValueError(f"{number} is no port")
        return Allowed(network=str(ip_network(network.strip("[]"))), port=number)
    except ValueError as error:
        raise ValueError(f"allowed address {line!r}: {error}; write a network such as 10.1.0.0/16, or with a port 10.1.2.3:8443") from error
