"""What a credential may do, in the words of this dialect."""

from portal.integrations.actions.documents import SELF_SERVICE
from portal.integrations.models import Action, ApiCredential

_THINGS = ("actions", "blueprints", "entities", "pages", "scorecards", "teams", "users")
_WRITES = ("create", "update", "delete")


def permissions_of(credential: ApiCredential) -> list[str]:
    """Return what a credential may do, as ``<verb>:<things>``: the whole of it, or only read.

    Whoever writes also runs all self-service actions, each of which is named.
    """
    if credential.scope != ApiCredential.Scope.WRITE:
        return [f"read:{things}" for things in _THINGS]
    actions = Action.objects.filter(trigger_type=SELF_SERVICE).order_by("identifier")
    return [
        *(f"{verb}:{things}" for verb in ("read", *_WRITES) for things in _THINGS),
        *(f"execute:actions:{name}" for name in actions.values_list("identifier", flat=True)),
    ]
