"""What a part of the site is found to be like."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class State(IntEnum):
    """How a part of the site is; the larger, the worse."""

    FINE = 0
    WORKING = 1
    ATTENTION = 2

    @property
    def word(self) -> str:
        """Return the state in words."""
        return {0: _("Fine"), 1: _("Working"), 2: _("Needs attention")}[self]

    @property
    def color(self) -> str:
        """Return the name of the colour that stands for it."""
        return {0: "pass", 1: "working", 2: "fail"}[self]


@dataclass(frozen=True)
class Reading:
    """A part of the site: how it is, the figure that says so, more of it, and what to do.

    `key` tells it from the others; `address` leads to where more is to be seen.
    """

    key: str
    title: str
    state: State
    value: str
    note: str = ""
    advice: str = ""
    address: str = ""


def span(length: timedelta) -> str:
    """Write how long something lasts, in its largest unit."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 3_600:
        return ngettext("%(n)d minute", "%(n)d minutes", seconds // 60) % {"n": seconds // 60}
    if seconds < 2 * 86_400:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // 3_600) % {"n": seconds // 3_600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86_400) % {"n": seconds // 86_400}


def age(moment: datetime, *, now: datetime) -> timedelta:
    """Return how long ago something was; of the future, where the clock was put, not at all."""
    return max(now - moment, timedelta())
