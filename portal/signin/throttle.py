"""How often somebody may try to sign in, counted in the database and so over all processes.

What is counted is who tries from where: that pair soon waits, and nobody else does. An address that
tries many names waits as a whole. A name that is tried from many addresses waits too, but never
where its owner has signed in from lately: nobody can be locked out by what others get wrong.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

from django.db import transaction
from django.db.models import F

from portal.models import SignInCount

PASSWORD, CODE, RESET = "password", "code", "reset"  # noqa: S105 - what is tried
KNOWN_FOR = timedelta(days=30)
# Of IPv6, whoever has one address has the whole of its network.
_IPV6_PREFIX = 64


@dataclass(frozen=True)
class Limit:
    """So many tries in a period, by name, by address, or by both together."""

    count: int
    period: timedelta
    by_name: bool = False
    by_address: bool = False
    spares_known: bool = False


_QUARTER = timedelta(minutes=15)
_PAIR = Limit(5, _QUARTER, by_name=True, by_address=True)
_ADDRESS = Limit(100, _QUARTER, by_address=True)
LIMITS = {
    PASSWORD: (
        _PAIR,
        _ADDRESS,
        Limit(20, timedelta(minutes=1), by_name=True, spares_known=True),
    ),
    # Whoever is asked for a code knows the password: nobody else can use these up.
    CODE: (Limit(10, _QUARTER, by_name=True),),
    RESET: (_PAIR, Limit(20, _QUARTER, by_address=True)),
}


@dataclass(frozen=True)
class Attempt:
    """One try of somebody: what they try, as whom, and from where."""

    kind: str
    name: str
    address: str

    def take(self, *, now: datetime) -> int:
        """Count this try; return for how many seconds it may not be made, 0 where it may.

        It counts before anything is compared: those who try many at once gain nothing.
        """
        limits = {self._key(limit): limit for limit in LIMITS[self.kind]}
        before = _live([*limits, self._known], now=now)
        spared = self._known in before
        wait = _wait(limits, before, now=now, spared=spared, tries=1)
        if wait:
            return wait
        with transaction.atomic():
            for key, limit in limits.items():
                _count(key, until=now + limit.period, now=now)
            after = _live(limits, now=now)
        return _wait(limits, after, now=now, spared=spared, tries=0)

    def succeed(self, *, now: datetime) -> None:
        """Give the try back, forget those before it, and know the address from now on."""
        for limit in LIMITS[self.kind]:
            row = SignInCount.objects.filter(key=self._key(limit))
            if limit.by_name and (limit.by_address or self.kind == CODE):
                row.delete()
            else:
                row.filter(tried_count__gt=0).update(tried_count=F("tried_count") - 1)
        SignInCount.objects.filter(until__lt=now).delete()
        SignInCount.objects.update_or_create(
            key=self._known, defaults={"tried_count": 0, "until": now + KNOWN_FOR}
        )

    @property
    def _known(self) -> str:
        return _digest("known", self._name, network_of(self.address))

    @property
    def _name(self) -> str:
        return unicodedata.normalize("NFKC", self.name).casefold()

    def _key(self, limit: Limit) -> str:
        name = self._name if limit.by_name else ""
        address = network_of(self.address) if limit.by_address else ""
        return _digest(self.kind, name, address, str(limit.count))


def take_code(name: str, code: str, *, good_for: timedelta, now: datetime) -> bool:
    """Say whether a code that was right is used for the first time, in any process.

    It is not good again before `good_for` is over.
    """
    key = _digest("used", name, code)
    SignInCount.objects.filter(key=key, until__lte=now).delete()
    _, is_first = SignInCount.objects.get_or_create(key=key, defaults={"until": now + good_for})
    return is_first


def network_of(address: str) -> str:
    """Return what is counted of an address; text that is none stays as it is.

    >>> network_of("2001:db8::7")
    '2001:db8::'
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 128 - _IPV6_PREFIX << 128 - _IPV6_PREFIX))


def _digest(*parts: str) -> str:
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(whole.encode(errors="surrogatepass")).hexdigest()


def _live(keys: Iterable[str], *, now: datetime) -> dict[str, SignInCount]:
    return {row.key: row for row in SignInCount.objects.filter(key__in=keys, until__gt=now)}


def _wait(
    limits: dict[str, Limit],
    rows: dict[str, SignInCount],
    *,
    now: datetime,
    spared: bool,
    tries: int,
) -> int:
    """Return the longest wait, with so many tries more than the rows say."""
    waits = [
        ceil((row.until - now).total_seconds())
        for key, row in rows.items()
        if key in limits
        and row.tried_count + tries > limits[key].count
        and not (spared and limits[key].spares_known)
    ]
    return max(waits, default=0)


def _count(key: str, *, until: datetime, now: datetime) -> None:
    row = SignInCount.objects.filter(key=key)
    if row.filter(until__gt=now).update(tried_count=F("tried_count") + 1):
        return
    SignInCount.objects.bulk_create([SignInCount(key=key, until=now)], ignore_conflicts=True)
    # Only the first of several begins a window; the others find that it has begun.
    row.filter(until__lte=now).update(tried_count=0, until=until)
    row.update(tried_count=F("tried_count") + 1)
