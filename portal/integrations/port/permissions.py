"""What a credential may do, in the words of this dialect."""

from portal.integrations.actions.documents import SELF_SERVICE
from portal.integrations.models import Action
from portal.permissions import Rights
from portal.policies import MEMBER

_THINGS = ("actions", "blueprints", "entities", "pages", "scorecards", "teams", "users")
_WRITES = ("create", "update", "delete")


def permissions_of(rights: Rights) -> list[str]:
    """Return what a credential with these rights may do at most, as ``<verb>:<things>``.

    Admins of all blueprints write everything, and run all self-service actions, each of which is
    named. Others write entities, and moderators scorecards, where they may.
    """
    reads = [f"read:{things}" for things in _THINGS]
    if not rights.may_write:
        return reads
    if not rights.may_edit_catalog:
        only_owns = rights.role == MEMBER and not rights.moderated
        written = ("entities",) if only_owns else ("entities", "scorecards")
        return [*reads, *(f"{verb}:{things}" for verb in _WRITES for things in written)]
    actions = Action.objects.filter(trigger_type=SELF_SERVICE).order_by("identifier")
    return [
        *reads,
        *(f"{verb}:{things}" for verb in _WRITES for things in _THINGS),
        *(f"execute:actions:{name}" for name in actions.values_list("identifier", flat=True)),
    ]
