"""A numeric address and an operator's allow-list in; whether we may connect to it out."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""RFC 6052 and RFC 8215: the IPv4 address is the last 32 bits."""
COMPATIBLE = IPv6Network("::/96")
"""RFC 4291, deprecated: IPv4 in the last 32 bits."""
NEVER = (IPv4Network("192.0.0.0/24"), IPv6Network("2001::/32"))
"""Called global by Python's tables, and yet no place of a receiver: IETF protocol assignments; Teredo, which hides an IPv4 address."""


@dataclass(frozen=True)
class Allowed:
    """One line of the operator's allow-list: a network, and a port if only that one is open."""

    network: IPv4Network | IPv6Network
    port: int | None = None

    def __contains__(self, dialled: tuple[Address, int]) -> bool:
        address, port = dialled
        return self.port in {None, port} and address.version == self.network.version and address in self.network


def read_allowed(lines: Iterable[str]) -> tuple[Allowed, ...]:
    """Read an allow-list: ``10.1.0.0/16``, ``10.1.2.3:8443``, ``[fd00::/8]:443``.

    Raises:
        ValueError: A line is neither; the text says which and what it should look like.
    """
    return tuple(_read(line.strip()) for line in lines if line.strip())


def _read(line: str) -> Allowed:
    network, colon, port = line.rpartition(":") if line.count(":") == 1 or (line.startswith("[") and "]:" in line) else (line, "", "")
    try:
        number = int(port) if colon else None
        if number is not None and not 0 < number < 65536:
            raise ValueError(f"{number} is no port")
        return Allowed(ip_network(network.strip("[]")), number)
    except ValueError as error:
        raise ValueError(f"allowed address {line!r}: {error}; write a network such as 10.1.0.0/16, or with a port 10.1.2.3:8443") from error


def is_public(address: Address) -> bool:
    """Whether *address*, and the IPv4 address that it may carry inside, is out in the world.

    Private, loopback, link-local (cloud metadata among them), carrier-grade NAT, multicast and reserved ones are not.
    """
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    if any(address.version == network.version and address in network for network in NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that a connection to *address* may end at (mapped, compatible, 6to4, NAT64); None without one."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in (*NAT64, COMPATIBLE)) and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def may_dial(host: str, port: int, allowed: Iterable[Allowed] = ()) -> bool:
    """Whether to connect to the numeric *host* and *port*.

    An allow-list speaks of the address that is reached: ``127.0.0.1`` in it opens ``::ffff:127.0.0.1`` too.
    """
    address = ip_address(host.partition("%")[0])
    reached = embedded(address) or address
    return is_public(address) or any((address, port) in line or (reached, port) in line for line in allowed)
