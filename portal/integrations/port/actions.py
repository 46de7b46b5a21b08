"""Looking up what views of actions are asked for: those that name nothing hidden."""

from collections.abc import Mapping

from catalog.mentions import sees_all
from portal.integrations.actions import operations
from portal.integrations.models import Action
from portal.permissions import Sight

# Parameters of the query to the columns that they select by.
_COLUMNS = {
    "action_identifier": "identifier",
    "blueprint_identifier": "blueprint",
    "operation": "operation",
    "trigger_type": "trigger_type",
    "trigger_event": "event_type",
    "trigger_event_action_identifier": "event_action",
}


def chosen(names: Mapping[str, list[str]], *, published: bool | None, sight: Sight) -> list[Action]:
    """Return the actions that have one of the values of every parameter that was sent."""
    rows = Action.objects.order_by("identifier")
    for parameter, column in _COLUMNS.items():
        if values := names.get(parameter):
            rows = rows.filter(**{f"{column}__in": values})
    if published is not None:
        rows = rows.filter(is_published=published)
    return [row for row in rows if sees_all(sight, row.document)]


def find_action(identifier: str, sight: Sight) -> Action:
    """Return the action with this identifier; raises `NotFound`."""
    row = operations.find_action(identifier)
    if not sees_all(sight, row.document):
        raise operations.not_there(identifier)
    return row


PARAMETERS = tuple(_COLUMNS)
