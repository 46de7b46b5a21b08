"""Giving blueprints, properties and relations other names, with all that is known by them.

Values and relation rows move in the same transaction, and so does what the definitions of the
catalog read. What holds on to the old name and cannot follow stands against it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When

from catalog import policy_documents, registry, renames
from catalog.blueprint_schema import PROPERTY_IDENTIFIER
from catalog.blueprints import BlueprintSpec, parse
from catalog.computed import shelf
from catalog.computed.graph import CatalogGraph
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Conflict, Invalid, NotFound
from catalog.models import USER, Blueprint, Change, Deleted, Entity, EntityRelation
from catalog.operations.blueprints import begin_rebuild, save_blueprints, store
from catalog.operations.drafts import EntityDraft
from catalog.operations.entities import upsert_entities
from catalog.operations.values import move_values
from catalog.signals import blueprint_renaming, blueprints_saved, fact_renaming
from catalog.system import MODERATED, SYSTEM
from portal.permissions import Actor
from portal.policies import UPDATE_PROPERTIES, UPDATE_RELATIONS

_MAX_NAME = 100


@transaction.atomic
def rename_blueprint(
    *, blueprint: Blueprint, identifier: str, by: Actor, now: datetime
) -> Blueprint:
    """Give a blueprint another identifier; those that point at it follow, and so does its history.

    Raises `Conflict` where the identifier is taken or the blueprint is the portal's own, `Invalid`
    for what is no identifier, `NotFound` where it went meanwhile. What compares `$blueprint` with
    the old one is not looked for.
    """
    rows = _locked(blueprint)
    row, old = rows[blueprint.identifier], blueprint.identifier
    if row.is_system:
        raise Conflict(f"'{old}' belongs to the portal and cannot be renamed")
    if identifier in rows:
        raise Conflict(f"there is a blueprint '{identifier}' already; choose another identifier")
    before = {name: registry.document_of(row) for name, row in rows.items()}
    after = {
        name: renames.with_blueprint_renamed(document, old, identifier)
        for name, document in before.items()
    }
    specs = {name: parse(document, is_stored=name != old) for name, document in after.items()}
    graph = CatalogGraph(specs.values())
    blueprint_renaming.send(sender=Blueprint, blueprint=row, identifier=identifier, by=by, now=now)
    row.identifier = identifier
    for name, spec in specs.items():
        if before[name] != spec.document:
            store(rows[name], spec, before=before[name], by=by, now=now)
    _readdress(old, identifier)
    _keep_moderators(rows.values(), old, identifier)
    shelf.doubt(graph, edited=[identifier])
    begin_rebuild(row, now)
    blueprints_saved.send(sender=Blueprint, by=by, now=now)
    _rename_for_people(old, identifier, by=by, now=now)
    return row


def _keep_moderators(rows: Iterable[Blueprint], old: str, new: str) -> None:
    """Let permissions name the moderators of a blueprint by its new identifier."""
    for row in rows:
        permissions = policy_documents.with_blueprint_renamed(row.permissions, old=old, new=new)
        if permissions != row.permissions:
            row.permissions = permissions
            row.save(update_fields=["permissions"])


def _rename_for_people(old: str, new: str, *, by: Actor, now: datetime) -> None:
    """Let the people who moderate a blueprint go on to."""
    people = Entity.objects.of(USER).filter(properties__has_key=MODERATED).order_by("id")
    drafts = [
        EntityDraft(name, properties={MODERATED: [new if n == old else n for n in moderated]})
        for name, moderated in people.values_list("identifier", f"properties__{MODERATED}")
        if old in (moderated or ())
    ]
    if drafts:
        users = Blueprint.objects.get(identifier=USER)
        upsert_entities(blueprint=users, drafts=drafts, by=by, now=now)


def _readdress(old: str, new: str) -> None:
    """Have the history of a blueprint, of its entities and what was deleted of them follow."""
    Deleted.objects.filter(kind="entity", blueprint=old).update(blueprint=new)
    # What was written stays: seals are made of that.
    called = Case(When(called="", then=Value(old)), default=F("called"))
    Change.objects.filter(kind="entity", blueprint=old).update(blueprint=new, called=called)
    Change.objects.filter(kind="blueprint", identifier=old).update(identifier=new, called=called)


@transaction.atomic
def rename_property(
    *, blueprint: Blueprint, key: str, new_key: str, by: Actor, now: datetime
) -> Blueprint:
    """Give a property, given or computed, another name; values and what reads it follow.

    Mirrors, aggregations and inferred relations are rewritten. Raises `NotFound` where there is no
    such property, `Conflict` where the new name is taken, or where calculations or others read the
    old one, `Invalid` for what is no name.
    """
    specs = {name: registry.spec_of(row) for name, row in _locked(blueprint).items()}
    spec = specs[blueprint.identifier]
    _check(key, new_key, known=[*spec.properties, *spec.computed_keys], what="property")
    if key in SYSTEM.get(spec.identifier, {}).get("schema", {}).get("properties", {}):
        raise Conflict(f"'{key}' belongs to the portal and cannot be renamed")
    _object(blueprint, spec, fact=key, name=key)
    move_values(blueprint=blueprint, old=key, new=new_key)
    return _save(
        specs, renames.with_property_renamed, blueprint=blueprint, old=key, new=new_key,
        act=UPDATE_PROPERTIES, by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def rename_relation(
    *, blueprint: Blueprint, key: str, new_key: str, by: Actor, now: datetime
) -> Blueprint:
    """Give a relation another name; its rows and the paths across it follow.

    Raises as `rename_property` does.
    """
    specs = {name: registry.spec_of(row) for name, row in _locked(blueprint).items()}
    spec = specs[blueprint.identifier]
    _check(key, new_key, known=spec.relations, what="relation")
    _object(blueprint, spec, fact=f"{RELATION_PREFIX}{key}", name=key)
    rows = EntityRelation.objects.filter(source__blueprint=blueprint, relation=key)
    rows.update(relation=new_key)
    return _save(
        specs, renames.with_relation_renamed, blueprint=blueprint, old=key, new=new_key,
        act=UPDATE_RELATIONS, by=by, now=now,
    )  # fmt: skip


def _locked(blueprint: Blueprint) -> dict[str, Blueprint]:
    """Return all blueprints, locked; raises `NotFound` where this one went meanwhile."""
    rows = Blueprint.objects.select_for_update().order_by("id")
    found = {row.identifier: row for row in rows}
    if blueprint.identifier not in found:
        raise NotFound(f"There is no blueprint '{blueprint.identifier}' any more.")
    return found


def _check(key: str, new_key: str, *, known: Collection[str], what: str) -> None:
    if key not in known:
        raise NotFound(f"There is no {what} '{key}'.")
    if new_key in known:
        raise Conflict(f"there is a {what} '{new_key}' already; choose another name")
    if len(new_key) > _MAX_NAME or not re.fullmatch(PROPERTY_IDENTIFIER, new_key):
        message = f"a name has 1 to {_MAX_NAME} letters, digits and @ _ = \\ - only"
        raise Invalid.at("", message)


def _object(blueprint: Blueprint, spec: BlueprintSpec, *, fact: str, name: str) -> None:
    """Raise `Conflict` where somebody holds on to the old name."""
    if readers := renames.readers_of(spec.calculations, fact=fact, name=name):
        raise Conflict(
            f"'{name}' is read by the calculations {', '.join(readers)}; edit them first"
        )
    fact_renaming.send(sender=Blueprint, blueprint=blueprint, fact=fact)


def _save(
    specs: Mapping[str, BlueprintSpec],
    renamed: Callable[..., dict[str, dict[str, Any]]],
    *,
    blueprint: Blueprint,
    old: str,
    new: str,
    act: str,
    by: Actor,
    now: datetime,
) -> Blueprint:
    """Store the documents that differ once something is renamed; return the blueprint of it.

    `act` is the section of its permissions that may speak of what is renamed.
    """
    documents = {name: spec.document for name, spec in specs.items()}
    after = renamed(documents, blueprint=blueprint.identifier, old=old, new=new)
    changed = [document for name, document in after.items() if document != documents[name]]
    rows = save_blueprints(definitions=changed, by=by, now=now)
    row = next(row for row in rows if row.pk == blueprint.pk)
    permissions = policy_documents.with_key_renamed(row.permissions, act, old=old, new=new)
    if permissions != row.permissions:
        row.permissions = permissions
        row.save(update_fields=["permissions"])
    return row
