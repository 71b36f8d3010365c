"""Where this machine may connect to on behalf of a feed or a receiver: an address goes in, yes or no comes out."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from streams.records import Part

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is really reached."""
UNICAST = IPv6Network("2000::/3")
"""RFC 4291, 2.4: all global unicast IPv6 that is assigned."""
DOCUMENTATION = IPv6Network("3fff::/20")
"""RFC 9637; newer than the tables of Python 3.11."""
RELAYS = IPv4Network("192.88.99.0/24")
"""RFC 7526: relays of 6to4, switched off."""


class Allowed(Part, frozen=True, kw_only=True):
    """A network inside the house that the operator opened."""

    network: str
    """CIDR: ``10.2.0.0/16``, or one address."""
    port: int | None = None
    """None: any port."""


def is_public(address: str) -> bool:
    """Whether *address* is on the public internet, looked at through every wrapping (IPv4-mapped, 6to4, NAT64).

    What is no address at all is not public.
    """
    try:
        found = _unwrapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if found.is_multicast or not found.is_global:
        return False
    if isinstance(found, IPv6Address):
        return found in UNICAST and found not in DOCUMENTATION
    return found not in RELAYS


def may_connect(address: str, port: int, *, allowed: Sequence[Allowed] = ()) -> bool:
    """Whether a connection to *address* and *port* may be made: it is public, or the operator opened it.

    Raises:
        ValueError: An entry of *allowed* is no network; it says which.
    """
    if is_public(address):
        return True
    try:
        found = _unwrapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(entry.port in (None, port) and found in _network(entry.network) for entry in allowed)


def _network(written: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(written, strict=False)
    except ValueError as error:
        raise ValueError(f"allowed network {written!r}: {error}; write it as 10.2.0.0/16 or as one address") from error


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that a packet ends up at."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address
