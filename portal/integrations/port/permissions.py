"""What a credential may do, in the words of this dialect."""

from portal.integrations.actions.documents import SELF_SERVICE
from portal.integrations.credentials import Machine
from portal.integrations.models import Action, ApiCredential
from portal.permissions import rights_of
from portal.policies import MEMBER

_THINGS = ("actions", "blueprints", "entities", "pages", "scorecards", "teams", "users")
_WRITES = ("create", "update", "delete")


def permissions_of(credential: ApiCredential) -> list[str]:
    """Return what a credential may do, as ``<verb>:<things>``: at most, whatever the blueprint.

    Admins of all blueprints write everything, and run all self-service actions, each of which is
    named. Others write entities, and moderators scorecards, where they may.
    """
    reads = [f"read:{things}" for things in _THINGS]
    rights = rights_of(Machine(credential), credential)
    if not rights.may_write:
        return reads
    if not rights.may_edit_catalog:
        written = ("entities",) if rights.role == MEMBER else ("entities", "scorecards")
        return [*reads, *(f"{verb}:{things}" for verb in _WRITES for things in written)]
    actions = Action.objects.filter(trigger_type=SELF_SERVICE).order_by("identifier")
    return [
        *reads,
        *(f"{verb}:{things}" for verb in _WRITES for things in _THINGS),
        *(f"execute:actions:{name}" for name in actions.values_list("identifier", flat=True)),
    ]
