"""How numbers, times and units are written on every page. Pure."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

# Units that titles carry in brackets, as people write them and as they stand behind a number.
UNITS = {
    "hours": "h", "hour": "h", "h": "h",
    "minutes": "min", "minute": "min", "min": "min",
    "seconds": "s", "s": "s",
    "days": "days", "weeks": "weeks",
    "%": "%", "percent": "%",
    "per day": "per day", "per week": "per week", "per month": "per month",
}  # fmt: skip
_UNIT_IN_TITLE = re.compile(r"^(?P<title>.+?)\s*\((?P<unit>[^()]+)\)$")
_SPANS = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def number(value: int | float, unit: str = "") -> str:
    """Write a number: thousands in groups, two decimals below a hundred and one above.

    >>> number(1104.26, "h"), number(0.5), number(12)
    ('1,104.3 h', '0.5', '12')
    """
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = _decimals(value)
    return f"{text} {unit}" if unit else text


def about(value: float) -> int:
    """Return as much of a count as an estimate knows: its first two digits.

    >>> about(16_649), about(7.4)
    (17000, 7)
    """
    return int(float(f"{value:.1e}")) if value >= 100 else round(value)


def brief(count: int) -> str:
    """Write what an estimate knows of a count in little room.

    >>> brief(98_312), brief(1_234_567), brief(640)
    ('98k', '1.2M', '640')
    """
    known = about(count)
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if known >= unit:
            return f"{known / unit:.3g}{sign}"
    return str(known)


def _decimals(value: float) -> str:
    # Decimal, because binary halves round down: 0.125 would become 0.12.
    try:
        exact = Decimal(repr(value)).quantize(
            Decimal("0.1") if abs(value) >= 100 else Decimal("0.01"), ROUND_HALF_UP
        )
    except ArithmeticError:
        return f"{value:g}"
    text = f"{exact:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: int) -> str:
    """Write a difference with its sign.

    >>> signed(1200), signed(-3), signed(0)
    ('+1,200', '−3', '±0')
    """
    return f"{'+' if value > 0 else '−' if value else '±'}{abs(value):,}"


def percent(part: int, whole: int) -> str:
    """Write a share; what is not quite none or not quite all never reads as none or all.

    >>> percent(1, 3), percent(999, 1000), percent(0, 0)
    ('33 %', '99 %', '0 %')
    """
    if whole <= 0 or part <= 0:
        return "0 %"
    share = round(100 * part / whole)
    if part < whole:
        share = min(max(share, 1), 99)
    return f"{share} %"


def share(value: float) -> str:
    """Write a share of 0 to 1 likewise.

    >>> share(2 / 3), share(0.9999)
    ('67 %', '99 %')
    """
    return percent(round(value * 1_000_000), 1_000_000)


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun.

    >>> plural(1, "rule"), plural(2000, "rule"), plural(2, "entity", "entities")
    ('1 rule', '2,000 rules', '2 entities')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def many(title: str) -> str:
    """Name more than one of what a title names, as English mostly does.

    >>> many("Service"), many("Library"), many("Business process"), many("Kubernetes")
    ('Services', 'Libraries', 'Business processes', 'Kubernetes')
    """
    if re.search(r"(ss|x|ch|sh)$", title):
        return f"{title}es"
    if re.search(r"[^aeiou]y$", title):
        return f"{title[:-1]}ies"
    return title if title.endswith("s") else f"{title}s"


def title_and_unit(title: str) -> tuple[str, str]:
    """Split a unit in brackets off a title, where it is one that is known.

    >>> title_and_unit("Lead time (hours)"), title_and_unit("Name (legal)")
    (('Lead time', 'h'), ('Name (legal)', ''))
    """
    match = _UNIT_IN_TITLE.match(title)
    unit = UNITS.get(match["unit"].strip().lower(), "") if match else ""
    return (match["title"], unit) if match and unit else (title, "")


def ago(moment: datetime, *, now: datetime) -> str:
    """Write a moment as seen from now: "3 hours ago", "in 2 days", "just now"."""
    distance = now - moment
    is_past = distance >= timedelta(0)
    for noun, span in _SPANS:
        count = abs(distance) // span
        if count:
            words = plural(count, noun)
            return f"{words} ago" if is_past else f"in {words}"
    return "just now"


def day(moment: date) -> str:
    """Write the date of a moment.

    >>> day(datetime(2026, 6, 1))
    '1 June 2026'
    """
    return f"{moment:%-d %B %Y}"


def exact(moment: datetime) -> str:
    """Write a moment in full, as hover texts show it."""
    return f"{moment:%-d %B %Y, %H:%M} {moment.tzname() or 'UTC'}"


def initials(name: str) -> str:
    """Return the one or two letters that stand for a name.

    >>> initials("Ada Lovelace"), initials("ops@example.org"), initials("")
    ('AL', 'O', '?')
    """
    words = re.findall(r"\w+", name.split("@")[0])
    return "".join(word[0] for word in words[:2]).upper() or "?"
