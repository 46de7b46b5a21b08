"""Looking up what views of runs are asked for: those that name nothing hidden."""

from collections.abc import Mapping

from catalog.mentions import sees_all
from portal.integrations.models import Action, Run
from portal.permissions import Sight

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


def chosen(values: Mapping[str, str], *, is_active: bool, limit: int, sight: Sight) -> list[Run]:
    """Return the newest runs that have what the parameters say; one that is empty says nothing."""
    rows = Run.objects.order_by("-id")
    if sight.hidden:
        # Most of what is hidden, before the limit; an action may have been another when it ran.
        unseen = [
            row.pk for row in Action.objects.only("document") if not sees_all(sight, row.document)
        ]
        rows = rows.exclude(blueprint__in=sight.hidden.values()).exclude(action__in=unseen)
    for parameter, column in _COLUMNS.items():
        if value := values.get(parameter):
            rows = rows.filter(**{column: value})
    if is_active:
        rows = rows.filter(status__in=_OPEN)
    return [run for run in rows.select_related("action")[:limit] if is_seen(run, sight)]


def is_seen(run: Run, sight: Sight) -> bool:
    """Say whether somebody sees what a run is about, what it does and what set it off."""
    action = run.action.document if run.action else {}
    return sight.sees(run.blueprint) and sees_all(sight, [run.invocation, action])


def number(raw: str | None, *, default: int, most: int) -> int:
    """Return a number of a query between 0 and `most`; what is none says nothing.

    >>> number("7", default=5, most=10), number("x", default=5, most=10)
    (7, 5)
    """
    if raw is None or not raw.isascii() or not raw.isdigit():
        return default
    return min(int(raw[:9]), most)
