"""Looking up what views of actions are asked for."""

from collections.abc import Mapping

from django.db.models import QuerySet

from portal.integrations.models import Action

# Parameters of the query to the columns that they select by.
_COLUMNS = {
    "action_identifier": "identifier",
    "blueprint_identifier": "blueprint",
    "operation": "operation",
    "trigger_type": "trigger_type",
    "trigger_event": "event_type",
    "trigger_event_action_identifier": "event_action",
}


def chosen(names: Mapping[str, list[str]], *, published: bool | None) -> QuerySet[Action]:
    """Return the actions that have one of the values of every parameter that was sent."""
    rows = Action.objects.order_by("identifier")
    for parameter, column in _COLUMNS.items():
        if values := names.get(parameter):
            rows = rows.filter(**{f"{column}__in": values})
    return rows if published is None else rows.filter(is_published=published)


PARAMETERS = tuple(_COLUMNS)
