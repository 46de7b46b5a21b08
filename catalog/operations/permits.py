"""Whether whoever writes may write that: what permissions say of entities, at the operation."""

from collections.abc import Iterable, Mapping

from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Fault, Invalid
from catalog.facts import STAMPS
from catalog.models import OWNERSHIP, Blueprint, Deleted, Entity
from catalog.operations.drafts import Plan
from catalog.signals import EVERYTHING
from portal.permissions import Actor, Sight
from portal.policies import REGISTER, UNREGISTER, UPDATE


def write_faults(plan: Plan, *, blueprint: Blueprint, by: Actor) -> list[Fault]:
    """Return the fault of a write that is not theirs to make, if it is one.

    Who owns an entity has to own it afterwards too: nobody gives away what they may not take back.
    Ownership that is inherited is worked out later, and told from what it was.
    """
    if by.rights is None or not plan.is_changed:
        return []
    asked = {"blueprint": blueprint.identifier, "policy": blueprint.permissions}
    after = _owners(plan.entity.facts)
    if plan.is_new:
        is_allowed = by.rights.may(REGISTER, owners=after, **asked)
        return [] if is_allowed else [_fault(blueprint, "create this")]
    before = _owners(plan.before)
    sides = [before, after] if OWNERSHIP in plan.keys else [before]
    if all(by.rights.may(UPDATE, owners=owners, **asked) for owners in sides):
        return []
    if by.rights.may_change(_sections(plan.keys), owners=before, **asked):
        return []
    return [_fault(blueprint, f"change '{plan.before['$identifier']}'")]


def may_make_bare(blueprint: Blueprint, *, by: Actor) -> bool:
    """Say whether they may make an entity that is nothing but pointed at."""
    return by.rights is None or by.rights.may(
        REGISTER, blueprint=blueprint.identifier, policy=blueprint.permissions
    )


def check_deletions(entities: Iterable[Entity], *, by: Actor) -> None:
    """Raise `Invalid` unless they may delete all of these, whose blueprints are loaded."""
    if by.rights is None:
        return
    refused = [
        entity
        for entity in entities
        if not by.rights.may(
            UNREGISTER,
            blueprint=entity.blueprint.identifier,
            policy=entity.blueprint.permissions,
            owners=_owners(entity.facts),
        )
    ]
    if refused:
        raise Invalid(_deletion_fault(entity, sight=by.sight) for entity in refused)


def _deletion_fault(entity: Entity, *, sight: Sight) -> Fault:
    if sight.sees(entity.blueprint.identifier):
        return _fault(entity.blueprint, f"delete '{entity.identifier}'")
    return Fault("", "you may not delete all that depends on it", is_forbidden=True)


def check_restoring(
    rows: Iterable[Deleted], blueprints: Mapping[str, Blueprint], *, by: Actor
) -> None:
    """Raise `Invalid` unless they may both delete and register all of these."""
    if by.rights is None:
        return
    faults = [
        _fault(blueprints[row.blueprint], f"restore '{row.identifier}'")
        for row in rows
        if not all(
            by.rights.may(
                act,
                blueprint=row.blueprint,
                policy=blueprints[row.blueprint].permissions,
                owners=row.document["team"],
            )
            for act in (UNREGISTER, REGISTER)
        )
    ]
    if faults:
        raise Invalid(faults)


def _owners(facts: dict) -> list[str]:
    return facts.get(OWNERSHIP) or []


def _sections(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return what moves by the section of the policy that may speak of it."""
    sections: dict[str, list[str]] = {"updateProperties": [], "updateRelations": []}
    for key in keys:
        if key.startswith(RELATION_PREFIX):
            sections["updateRelations"].append(key.removeprefix(RELATION_PREFIX))
        elif key not in STAMPS and key != EVERYTHING:
            sections["updateProperties"].append(key)
    return sections


def _fault(blueprint: Blueprint, act: str) -> Fault:
    who = f"admins and moderators of '{blueprint.identifier}' may"
    return Fault(
        "", f"you may not {act}; {who}, and whoever its permissions name", is_forbidden=True
    )
