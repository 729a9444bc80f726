"""Which addresses are the public internet's."""

from ipaddress import ip_address

from aiportal.fetch.addresses import is_public, is_usual_port, looks_numeric

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.1.1",
)
PUBLIC_6 = ("2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808", "2001:4860:4860::8888")
NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.255", "168.63.129.16", "169.254.0.1", "172.16.0.0", "172.31.255.255"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255"),
    *(
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
    ),
)
NOT_PUBLIC_6 = (
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:7f00:1::"),
    *("2001:2::1", "2001:10::1", "2001:db8::1", "2002:808:808::1", "2002:7f00:1::", "3fff::1"),
    *("5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1"),
)


PORTS = (80, 443, 1024, 3000, 8000, 8080, 8443, 65_535)
OTHER_PORTS = (0, 1, 21, 22, 25, 53, 110, 143, 445, 465, 993, 1023, 3306, 6379, 27017)
NUMBERS = ("1", "127.1", "0x7f.1", "a.0x", "0177.0.0.1", "2130706433", "a.b.1")
NAMES = ("a", "1.com", "0x7f.1.com", "a.0xg", "a1")


def test_public_addresses() -> None:
    assert [text for text in PUBLIC + PUBLIC_6 if not is_public(ip_address(text))] == []


def test_addresses_that_are_not_public() -> None:
    assert [text for text in NOT_PUBLIC + NOT_PUBLIC_6 if is_public(ip_address(text))] == []


def test_ports_of_the_web_and_of_other_services() -> None:
    assert [port for port in PORTS if not is_usual_port(port)] == []
    assert [port for port in OTHER_PORTS if is_usual_port(port)] == []


def test_hosts_that_a_system_could_take_for_a_number() -> None:
    assert [host for host in NUMBERS if not looks_numeric(host)] == []
    assert [host for host in NAMES if looks_numeric(host)] == []
