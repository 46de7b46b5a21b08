"""Which addresses may be reached: each range by name, in each of the forms it can be written."""

from ipaddress import ip_address

import pytest
from django.core import checks
from django.test import override_settings

from portal.http import Outbound, Refused, check_url, send
from portal.http.addresses import Allowed, destination, special_kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "an unspecified address"),  # noqa: S104
        ("0.1.2.3", "an unspecified address"),
        ("10.255.255.255", "a private address"),
        ("100.64.0.1", "a private address"),
        ("100.100.100.200", "a private address"),
        ("127.0.0.1", "a loopback address"),
        ("127.255.255.254", "a loopback address"),
        ("168.63.129.16", "a link-local address"),
        ("169.254.169.254", "a link-local address"),
        ("172.16.0.1", "a private address"),
        ("172.31.255.255", "a private address"),
        ("192.0.0.192", "a reserved address"),
        ("192.0.2.1", "a reserved address"),
        ("192.88.99.1", "a reserved address"),
        ("192.168.0.1", "a private address"),
        ("198.19.0.1", "a private address"),
        ("198.51.100.7", "a reserved address"),
        ("203.0.113.9", "a reserved address"),
        ("224.0.0.251", "a multicast address"),
        ("239.255.255.255", "a multicast address"),
        ("240.0.0.1", "a reserved address"),
        ("255.255.255.255", "a reserved address"),
        ("::", "an unspecified address"),
        ("::1", "a loopback address"),
        ("::7f00:1", "a reserved address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:10.0.0.1", "a private address"),
        ("64:ff9b::7f00:1", "a loopback address"),
        ("64:ff9b::a9fe:a9fe", "a link-local address"),
        ("64:ff9b:1::a00:1", "a private address"),
        ("100::1", "a reserved address"),
        ("2001::1", "a reserved address"),
        ("2001:db8::1", "a reserved address"),
        ("2002:7f00:1::", "a loopback address"),
        ("2002:c0a8:1::1", "a private address"),
        ("3fff::1", "a reserved address"),
        ("4000::1", "a reserved address"),
        ("fd00:ec2::254", "a private address"),
        ("fe80::1", "a link-local address"),
        ("fec0::1", "a private address"),
        ("ff02::1", "a multicast address"),
    ],
)
def test_an_address_that_is_not_public_says_of_which_kind_it_is(address: str, kind: str) -> None:
    assert special_kind(ip_address(address)) == kind


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
    ],
)
def test_a_public_address_is_of_no_special_kind(address: str) -> None:
    assert special_kind(ip_address(address)) is None


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("64:ff9b::a00:1", "10.0.0.1"),
        ("2002:a00:1::5", "10.0.0.1"),
        ("2606:4700::1111", "2606:4700::1111"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_what_ipv6_wraps_is_where_a_packet_ends_up(address: str, reached: str) -> None:
    assert destination(ip_address(address)) == ip_address(reached)


@pytest.mark.parametrize(
    ("entries", "address", "refusal"),
    [
        ([], "10.0.0.1", "a private address"),
        (["10.0.0.1"], "10.0.0.1", None),
        (["10.0.0.1"], "10.0.0.2", "a private address"),
        (["10.0.0.1"], "::ffff:10.0.0.1", None),
        (["10.0.0.0/8"], "64:ff9b::a00:1", None),
        (["10.0.0.7/8", " fd00::/8 "], "10.200.0.1", None),
        (["10.0.0.7/8", " fd00::/8 "], "fd12::1", None),
        (["[::1]"], "::1", None),
        (["0.0.0.0/0"], "::1", "a loopback address"),
        (["0.0.0.0/0", "::/0"], "::1", None),
        (["10.0.0.0/8"], "8.8.8.8", None),
        (["10.0.0.0/33", "", "http://10.0.0.1"], "10.0.0.1", "a private address"),
    ],
)
def test_what_the_setting_names_may_be_reached(
    entries: list[str], address: str, refusal: str | None
) -> None:
    assert Allowed.parse(entries).refusal(ip_address(address)) == refusal


@pytest.mark.parametrize(
    ("entry", "host", "is_named"),
    [
        ("git.corp.example", "git.corp.example", True),
        ("git.corp.example", "GIT.corp.example.", True),
        (" Git.Corp.Example. ", "git.corp.example", True),
        ("corp.example", "git.corp.example", False),
        ("git.corp.example", "git.corp.example.evil.example", False),
        ("build_host", "build_host", True),
        ("", "", False),
    ],
)
def test_a_name_is_allowed_as_a_whole(entry: str, host: str, is_named: bool) -> None:
    assert Allowed.parse([entry]).names_host(host) == is_named


LOOPBACK = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://%31%32%37.0.0.1/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "HTTP://127.0.0.1:8080/x?y",
    "http://127.0.0.1\\@example.com/",
    "http://127.0.0.1#@example.com/",
]


@pytest.mark.parametrize("url", LOOPBACK)
def test_a_loopback_address_is_refused_in_whatever_form(url: str) -> None:
    with pytest.raises(Refused, match="may not be reached: it leads to a loopback address"):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://localhost/", "a loopback address"),
        ("http://LOCALHOST:8000/", "a loopback address"),
        ("http://0/", "an unspecified address"),
        ("http://[::]/", "an unspecified address"),
        ("http://169.254.169.254/latest/meta-data/", "a link-local address"),
        ("http://[fd00:ec2::254]/", "a private address"),
        ("http://0xa9fea9fe/", "a link-local address"),
        ("https://192.168.1.1:8443/", "a private address"),
    ],
)
def test_nothing_is_sent_to_what_is_not_public(url: str, kind: str) -> None:
    with pytest.raises(Refused, match=f"it leads to {kind}"):
        send(Outbound(method="GET", url=url))


def test_a_refusal_says_the_way_out() -> None:
    with pytest.raises(Refused) as refused:
        check_url("http://10.0.0.1:8080/hook/s3cret?token=s3cret")
    assert str(refused.value) == (
        "10.0.0.1 may not be reached: it leads to a private address. If it should be, whoever "
        "runs this site can name it in the setting TIDEMARK_ALLOWED_HOSTS_OUT."
    )


UNUSABLE = "This is not a usable URL; one looks like https://host/path."
NO_HTTP = "The URL has to begin with http:// or https:// and name a host."
NO_USER = "The URL may not hold a user name or password; send them in a header."


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", UNUSABLE),
        ("example.com/hook", UNUSABLE),
        ("http://", UNUSABLE),
        ("http:///path", UNUSABLE),
        ("http://*.example.com/", UNUSABLE),
        ("http://exa mple.com/", UNUSABLE),
        ("http://example.com:99999/", UNUSABLE),
        ("http://example.com:80:80/", UNUSABLE),
        ("http://[::1/", UNUSABLE),
        ("http://exa\nmple.com/", UNUSABLE),
        ("http://\x00/", UNUSABLE),
        ("ftp://example.com/", NO_HTTP),
        ("file:///etc/passwd", NO_HTTP),
        ("gopher://example.com/", NO_HTTP),
        ("javascript:alert(1)", NO_HTTP),
        ("httpx://example.com/", NO_HTTP),
        ("http://user:password@example.com/", NO_USER),
        ("http://token@example.com/", NO_USER),
        ("http://example.com@127.0.0.1/", NO_USER),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_being_repeated(
    url: str, message: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/services/x",
        "http://example.com:8080",
        "https://münchen.example/ä?ö=ü",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/",
    ],
)
def test_a_url_of_a_public_host_passes_without_a_lookup(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.http.connections._resolved", None)
    check_url(url)


def test_entries_of_the_setting_that_allow_nothing_stop_the_start() -> None:
    usable = ["git.corp.example", "10.0.0.0/8", ""]
    unusable = ["http://git", "git:8080", "*.corp", "10.0.0.0/33"]
    with override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=usable + unusable):
        found = [error for error in checks.run_checks() if error.id == "portal.E001"]
    assert [error.msg.split("'")[1] for error in found] == unusable
    assert all(error.is_serious() for error in found)
