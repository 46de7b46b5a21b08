"""Looking up what views of runs are asked for."""

from collections.abc import Mapping

from django.db.models import QuerySet

from portal.integrations.models import Run
from portal.permissions import Rights

# Parameters of the query to the columns that they select by.
_COLUMNS = {
    "entity": "entity",
    "blueprint": "blueprint",
    "user_email": "created_by",
    "user_id": "created_by",
    "external_run_id": "external_run_id",
    "action": "action_identifier",
}
_OPEN = (Run.Status.IN_PROGRESS, Run.Status.WAITING)
MAX_RUNS = 1_000
PARAMETERS = tuple(_COLUMNS)


def chosen(
    values: Mapping[str, str], *, is_active: bool, limit: int, rights: Rights
) -> QuerySet[Run]:
    """Return the newest runs that have what the parameters say; one that is empty says nothing.

    Those that are about what may not be read are left out.
    """
    rows = Run.objects.order_by("-id")
    if rights.hidden:
        rows = rows.exclude(blueprint__in=rights.hidden.values())
    for parameter, column in _COLUMNS.items():
        if value := values.get(parameter):
            rows = rows.filter(**{column: value})
    if is_active:
        rows = rows.filter(status__in=_OPEN)
    return rows[:limit]


def number(raw: str | None, *, default: int, most: int) -> int:
    """Return a number of a query between 0 and `most`; what is none says nothing.

    >>> number("7", default=5, most=10), number("x", default=5, most=10)
    (7, 5)
    """
    if raw is None or not raw.isascii() or not raw.isdigit():
        return default
    return min(int(raw[:9]), most)
