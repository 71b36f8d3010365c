"""Which addresses are out in the world, and what an operator's allow-list opens."""

import pytest

from streams.addresses import is_public, may_connect, read_allowed


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"])
def test_an_address_out_in_the_world(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("::1", id="loopback 6"),
        pytest.param("0.0.0.0", id="this host"),
        pytest.param("::", id="this host 6"),
        pytest.param("10.1.2.3", id="private"),
        pytest.param("fd00::1", id="private 6"),
        pytest.param("169.254.169.254", id="cloud metadata"),
        pytest.param("fe80::1", id="link-local 6"),
        pytest.param("100.64.0.1", id="carrier-grade NAT"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("ff02::1", id="multicast 6"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("192.0.0.8", id="protocol assignments"),
        pytest.param("::ffff:127.0.0.1", id="mapped"),
        pytest.param("::127.0.0.1", id="compatible"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("64:ff9b::a9fe:a9fe", id="NAT64"),
        pytest.param("64:ff9b:1::a00:1", id="local NAT64"),
        pytest.param("2001:0:4136:e378:8000:63bf:80ff:fffe", id="Teredo"),
        pytest.param("3fff::1", id="documentation"),
        pytest.param("192.88.99.1", id="6to4 relays"),
        pytest.param("localhost", id="a name is no address"),
    ],
)
def test_an_address_that_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("line", "host", "port", "open_"),
    [
        pytest.param("10.1.0.0/16", "10.1.2.3", 8443, True, id="a network, any port"),
        pytest.param("10.1.0.0/16", "10.2.0.1", 8443, False, id="outside the network"),
        pytest.param("10.1.2.3:8443", "10.1.2.3", 8443, True, id="a host and its port"),
        pytest.param("10.1.2.3:8443", "10.1.2.3", 22, False, id="another port"),
        pytest.param("10.1.0.0/16:443", "10.1.2.3", 443, True, id="a network and a port"),
        pytest.param("[fd00::/8]:443", "fd00::5", 443, True, id="a network of version 6 and a port"),
        pytest.param("fd00::/8", "fd00::5", 80, True, id="a network of version 6"),
        pytest.param("127.0.0.1", "::ffff:127.0.0.1", 80, True, id="what is reached counts"),
        pytest.param("::1", "127.0.0.1", 80, False, id="the other version"),
        pytest.param("fe80::/10", "fe80::1%eth0", 80, True, id="with a zone"),
    ],
)
def test_what_an_operator_allows(line: str, host: str, port: int, open_: bool) -> None:
    assert may_connect(host, port, allowed=read_allowed([line])) is open_


@pytest.mark.parametrize("line", ["inside.example", "10.1.2.3:https", "10.1.2.3:0", "10.1.2.3/33", "10.1.2.3/8"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=f"allowed address '{line}': .*; write a network such as 10.1.0.0/16"):
        read_allowed(["", line])
