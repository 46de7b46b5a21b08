"""Telling automations that there is something to read."""

from portal.integrations.actions.documents import AUTOMATION, ENTITY_EVENTS
from portal.integrations.models import Action


def wake() -> None:
    """Have the audit rows read, where somebody listens to entities at all."""
    from portal.integrations.tasks import read_changes

    listeners = Action.objects.filter(
        trigger_type=AUTOMATION, event_type__in=list(ENTITY_EVENTS), is_published=True
    )
    if listeners.exists():
        read_changes.delay()
