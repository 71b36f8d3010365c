"""Where this machine may connect to on behalf of a feed or a receiver: a numeric address goes in, yes or no comes out."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from streams.errors import ExplainedError
from streams.records import Part

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""RFC 6052 and RFC 8215: the IPv4 address is the last 32 bits."""
COMPATIBLE = IPv6Network("::/96")
"""RFC 4291, deprecated: IPv4 in the last 32 bits."""
UNICAST = IPv6Network("2000::/3")
"""RFC 4291, 2.4: all global unicast IPv6 that is assigned."""
NEVER = (
    IPv4Network("192.0.0.0/24"),  # RFC 6890: protocol assignments; Python's tables call 192.0.0.8 global
    IPv4Network("192.88.99.0/24"),  # RFC 7526: relays of 6to4, switched off
    IPv6Network("2001::/32"),  # RFC 4380: Teredo hides an IPv4 address
    IPv6Network("3fff::/20"),  # RFC 9637: documentation; newer than the tables of Python 3.11
)


class AddressError(ExplainedError, ValueError):
    """An entry of an allow-list is no network."""


class Allowed(Part, frozen=True, kw_only=True):
    """A network inside the house that the operator opened."""

    network: str
    """CIDR: ``10.2.0.0/16``, or one address."""
    port: int | None = None
    """None: any port."""


def is_public(address: str) -> bool:
    """Whether *address* is on the public internet, looked at through every wrapping (IPv4-mapped, 6to4, NAT64).

    Private, loopback, link-local (cloud metadata among them), carrier-grade NAT, multicast and reserved ones are not, nor is
    what is no address at all.
    """
    found = _reached(address)
    if found is None or found.is_multicast or found.is_reserved or not found.is_global:
        return False
    if any(found.version == network.version and found in network for network in NEVER):
        return False
    return isinstance(found, IPv4Address) or found in UNICAST


def may_connect(address: str, port: int, *, allowed: Sequence[Allowed] = ()) -> bool:
    """Whether a connection to *address* and *port* may be made: it is public, or the operator opened it.

    An allow-list speaks of the address that is reached: ``127.0.0.1`` in it opens ``::ffff:127.0.0.1`` too.
    """
    found = _reached(address)
    opened = found is not None and any(entry.port in (None, port) and found in ip_network(entry.network) for entry in allowed)
    return opened or is_public(address)


def _reached(address: str) -> IPv4Address | IPv6Address | None:
    """The address that a packet ends up at; None if *address* is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv4Address):
        return found
    inner = found.ipv4_mapped or found.sixtofour
    if inner is None and int(found) > 1 and any(found in network for network in (*NAT64, COMPATIBLE)):
        inner = IPv4Address(int(found) & 0xFFFFFFFF)
    return inner or found


def read_allowed(lines: Iterable[str]) -> tuple[Allowed, ...]:
    """Read an allow-list as operators write it: ``10.1.0.0/16``, ``10.1.2.3:8443``, ``[fd00::/8]:443``.

    Raises:
        AddressError: A line is none of these; the text says which and what it should look like.
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
        raise AddressError(
            f"allowed address {line!r}: {error}; write a network such as 10.1.0.0/16, or with a port 10.1.2.3:8443"
        ) from error
