"""What people are told where their change was not saved, though it was nothing of theirs."""

from datetime import datetime

from django.utils.translation import gettext as _

from catalog.errors import CatalogError, Invalid
from portal.dashboards.formats import ago
from portal.dashboards.operations import Changed, Locked


def refusal(error: CatalogError, *, now: datetime) -> str:
    """Return what happened and the way out."""
    match error:
        case Changed():
            return _(
                "%(who)s changed this dashboard %(when)s; your change was not saved. What you see "
                "now is theirs: look at it, and make your change again."
            ) % {"who": error.by, "when": ago(error.at, now=now)}
        case Locked():
            return _(
                "This dashboard is locked, so nothing was saved. Whoever runs it can unlock it "
                "over the API."
            )
        case Invalid():
            told = "; ".join(fault.message for fault in error.faults)
        case _:
            told = str(error)
    return _("Nothing was changed: %(told)s.") % {"told": told}
