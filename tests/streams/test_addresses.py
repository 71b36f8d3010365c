"""Which addresses are public."""

import pytest

from streams.addresses import Allowed, is_public, may_connect


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_an_address_of_the_internet_is_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="this machine"),
        pytest.param("0.0.0.0", id="no address"),
        pytest.param("10.1.2.3", id="private"),
        pytest.param("172.16.0.1", id="private, class B"),
        pytest.param("192.168.1.1", id="private, class C"),
        pytest.param("169.254.169.254", id="a cloud's own data"),
        pytest.param("100.64.0.1", id="carrier's"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("192.88.99.1", id="6to4 relay"),
        pytest.param("::1", id="this machine, version 6"),
        pytest.param("::", id="no address, version 6"),
        pytest.param("fe80::1%eth0", id="link-local with its link"),
        pytest.param("fc00::1", id="unique local"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param("ff02::1", id="multicast, version 6"),
        pytest.param("::ffff:127.0.0.1", id="IPv4-mapped"),
        pytest.param("::127.0.0.1", id="IPv4-compatible"),
        pytest.param("64:ff9b::7f00:1", id="NAT64"),
        pytest.param("64:ff9b:1::7f00:1", id="NAT64 of a network's own"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("2001:0:7f00:1::", id="Teredo"),
        pytest.param("2001:db8::1", id="documentation"),
        pytest.param("3fff::1", id="documentation, the newer"),
        pytest.param("localhost", id="a name"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_inside_is_not_public(address: str):
    assert not is_public(address)


def test_an_operator_opens_a_network_and_port():
    allowed = [Allowed(network="10.2.0.0/16", port=8443), Allowed(network="fd00::1")]
    assert may_connect("10.2.3.4", 8443, allowed=allowed)
    assert may_connect("::ffff:10.2.3.4", 8443, allowed=allowed)
    assert may_connect("fd00::1", 80, allowed=allowed)
    assert may_connect("8.8.8.8", 443)


def test_what_the_operator_did_not_open_stays_shut():
    allowed = [Allowed(network="10.2.0.0/16", port=8443)]
    assert not may_connect("10.2.3.4", 80, allowed=allowed)
    assert not may_connect("10.3.0.1", 8443, allowed=allowed)
    assert not may_connect("no address", 8443, allowed=allowed)


def test_a_network_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"allowed network '10\.2': .*write it as 10\.2\.0\.0/16"):
        may_connect("10.2.3.4", 80, allowed=[Allowed(network="10.2")])
