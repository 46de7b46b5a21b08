"""Which addresses what goes out may reach: public ones, and those that a setting names.

The ranges are those of IANA's special-purpose address registries, spelt out here because what
`ipaddress` calls private differs between versions of Python.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a private address"),
        ("127.0.0.0/8", "a loopback address"),
        # A public address by number, answered by the cloud that the machine runs in.
        ("168.63.129.16/32", "a link-local address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a reserved address"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a private address"),
        ("198.51.100.0/24", "a reserved address"),
        ("203.0.113.0/24", "a reserved address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "a private address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "a reserved address"),
        ("3fff::/20", "a reserved address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


def destination(address: Address) -> Address:
    """Return where a packet to this address ends up: IPv4 where IPv6 only wraps it.

    That is so for IPv4-mapped addresses, for 6to4 and for the well-known prefix of NAT64. A prefix
    that a network chose for its own NAT64 cannot be told from any other address.
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def special_kind(address: Address) -> str | None:
    """Return what makes this address no public one, such as "a loopback address", or None."""
    reached = destination(address)
    for network, kind in _SPECIAL:
        if reached in network:
            return kind
    if isinstance(reached, IPv6Address) and reached not in _GLOBAL_IPV6:
        return "a reserved address"
    return None


@dataclass(frozen=True)
class Allowed:
    """The host names and networks that may be reached although they are not public."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Allowed":
        """Return what these entries of the setting allow; an unusable one allows nothing."""
        read = [_network(entry) or _name(entry) for entry in entries]
        return cls(
            names=frozenset(item for item in read if isinstance(item, str)),
            networks=tuple(item for item in read if isinstance(item, Network)),
        )

    def names_host(self, host: str) -> bool:
        """Say whether this very name is allowed, wherever it leads."""
        return _plain(host) in self.names

    def refusal(self, address: Address) -> str | None:
        """Return what kind of address may not be reached here, or None where it may."""
        kind = special_kind(address)
        is_named = any(
            place in network
            for network in self.networks
            for place in (address, destination(address))
        )
        return None if is_named else kind


def unusable_entries(entries: Iterable[str]) -> list[str]:
    """Return the entries that are neither a host name nor an address nor a network."""
    return [entry for entry in entries if entry.strip() and not (_network(entry) or _name(entry))]


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry.strip(" []"), strict=False)
    except ValueError:
        return None


def _name(entry: str) -> str | None:
    return _plain(entry) if _HOST_NAME.fullmatch(entry.strip()) else None


def _plain(host: str) -> str:
    return host.strip().lower().removesuffix(".")
