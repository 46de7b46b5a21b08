"""What may happen to a catalog, told to the product and to the plain one alike.

A step is a value that says what happens; who it happens to is settled when it is taken, since
what is there by then depends on the steps before.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from catalog import operations
from catalog.models import Blueprint, Entity
from catalog.operations import UNSET, EntityDraft
from tests.builders import TESTER
from tests.unit.oracle.definitions import Model
from tests.unit.oracle.plain_catalog import PlainCatalog, Thing

TYPES = {"string": (str,), "boolean": (bool,), "number": (int, float)}


@dataclass(frozen=True)
class Draft:
    """What a step wants a thing to be; what is None is not mentioned. `links` has `$team` too."""

    name: str
    properties: dict[str, Any]
    links: dict[str, tuple[str, ...]]
    title: str | None = None


@dataclass(frozen=True)
class Upsert:
    """Many entities of one blueprint are written by the operation."""

    blueprint: str
    drafts: tuple[Draft, ...]
    is_merge: bool

    def take(self, plain: PlainCatalog) -> None:
        """Write the drafts that have what they require and fit the schema."""
        batch = frozenset(draft.name for draft in self.drafts)
        found = [
            (draft, links)
            for draft in self.drafts
            if self._fits(plain, draft)
            and (links := _links(draft, self.blueprint, batch, plain)) is not None
        ]
        operations.upsert_entities(
            blueprint=Blueprint.objects.get(identifier=self.blueprint),
            drafts=[_asked(draft, links) for draft, links in found],
            merge=self.is_merge,
            by=TESTER,
            now=plain.now,
        )
        before = {
            draft.name: _given(plain, plain.find(self.blueprint, draft.name)) for draft, _ in found
        }
        for draft, _ in found:
            if plain.find(self.blueprint, draft.name) is None:
                plain.add(self.blueprint, draft.name)
        for draft, links in found:
            self._write(plain, draft, links)
        for draft, _ in found:
            thing = plain.find(self.blueprint, draft.name)
            if thing and _given(plain, thing) != before[draft.name]:
                thing.updated = plain.now

    def _fits(self, plain: PlainCatalog, draft: Draft) -> bool:
        """Say whether what the thing would be fits: a plain save may have left what does not."""
        thing = plain.find(self.blueprint, draft.name)
        kept = thing.properties if thing and self.is_merge else {}
        types = plain.documents[self.blueprint]["schema"]["properties"]
        return all(
            value is None or type(value) in TYPES[types[key]["type"]]
            for key, value in {**kept, **draft.properties}.items()
        )

    def _write(self, plain: PlainCatalog, draft: Draft, links: dict[str, list[str]]) -> None:
        thing = plain.find(self.blueprint, draft.name)
        assert thing is not None
        kept = thing.properties if self.is_merge else {}
        whole = {**kept, **draft.properties}
        thing.properties = {key: value for key, value in whole.items() if value is not None}
        if draft.title is not None:
            thing.title = draft.title
        elif not self.is_merge:
            thing.title = thing.name
        cleared = {} if self.is_merge else dict.fromkeys(_relations(plain, self.blueprint), [])
        for relation, names in {**cleared, **links}.items():
            plain.point(thing, relation, names)


@dataclass(frozen=True)
class Save:
    """One entity is saved plainly: made where there is none, and perhaps renamed."""

    blueprint: str
    name: str
    properties: dict[str, Any]
    new_name: str | None = None

    def take(self, plain: PlainCatalog) -> None:
        """Save what the schema would not take, too."""
        thing = plain.find(self.blueprint, self.name)
        if thing is None:
            blueprint = Blueprint.objects.get(identifier=self.blueprint)
            Entity.objects.create(
                blueprint=blueprint, identifier=self.name, properties=dict(self.properties)
            )
            plain.add(self.blueprint, self.name).properties = dict(self.properties)
            return
        before = _given(plain, thing)
        thing.properties = {**thing.properties, **self.properties}
        if self.new_name and plain.find(self.blueprint, self.new_name) is None:
            thing.name = self.new_name
        entity = Entity.objects.of(self.blueprint).get(identifier=self.name)
        entity.properties, entity.identifier = dict(thing.properties), thing.name
        entity.save()
        if _given(plain, thing) != before:
            thing.updated = plain.now


@dataclass(frozen=True)
class Delete:
    """Entities go: by the operation with what requires them, or by themselves."""

    blueprint: str
    names: tuple[str, ...]
    how: str

    def take(self, plain: PlainCatalog) -> None:
        """Delete those that are there."""
        doomed = {
            thing.number: thing
            for name in self.names
            if (thing := plain.find(self.blueprint, name)) is not None
        }
        rows = Entity.objects.of(self.blueprint).filter(
            identifier__in=[thing.name for thing in doomed.values()]
        )
        match self.how:
            case "operation":
                operations.delete_entities(
                    entities=list(rows), by=TESTER, now=plain.now, delete_dependents=True
                )
                while more := _requiring(plain, doomed):
                    doomed |= {thing.number: thing for thing in more}
            case "plain":
                for row in rows:
                    row.delete()
            case "queryset":
                rows.delete()
        for thing in doomed.values():
            plain.remove(thing)


@dataclass(frozen=True)
class Wait:
    """Time passes, and the sweep comes by."""

    span: timedelta

    def take(self, plain: PlainCatalog) -> None:
        """Move the clock on."""
        plain.now += self.span
        operations.refresh_clock_values(now=plain.now)


@dataclass(frozen=True)
class Redefine:
    """The blueprints get other aggregations."""

    model: Model

    def take(self, plain: PlainCatalog) -> None:
        """Save all blueprints as the model has them."""
        operations.save_blueprints(
            definitions=list(self.model.documents.values()), by=TESTER, now=plain.now
        )
        plain.documents, plain.programs = self.model.documents, self.model.programs
        plain.cut_loose()

    def __repr__(self) -> str:
        drawn = {
            name: {
                key: item
                for key, item in document["aggregation_properties"].items()
                if key.startswith("drawn")
            }
            for name, document in self.model.documents.items()
        }
        return f"Redefine({drawn})"


Step = Upsert | Save | Delete | Wait | Redefine


def _relations(plain: PlainCatalog, blueprint: str) -> list[str]:
    document = plain.documents[blueprint]
    is_direct = (document.get("ownership") or {}).get("type") == "Direct"
    return [*document.get("relations", {}), *(["$team"] if is_direct else [])]


def _links(
    draft: Draft, blueprint: str, batch: frozenset[str], plain: PlainCatalog
) -> dict[str, list[str]] | None:
    """Return the draft's links to what is there; None if what is required is not."""
    found: dict[str, list[str]] = {}
    relations = plain.documents[blueprint].get("relations", {})
    for name, wanted in draft.links.items():
        definition = relations.get(name, {"target": "_team", "many": True})
        target = definition["target"]
        there = {thing.name for thing in plain.of(target)} | (
            batch if target == blueprint else frozenset()
        )
        names = [item for item in dict.fromkeys(wanted) if item in there]
        if definition.get("required") and not names:
            names = sorted(there)[:1]
            if not names:
                return None
        found[name] = names if definition.get("many") else names[:1]
    return found


def _asked(draft: Draft, links: dict[str, list[str]]) -> EntityDraft:
    return EntityDraft(
        draft.name,
        title=UNSET if draft.title is None else draft.title,
        properties=draft.properties,
        relations={name: names for name, names in links.items() if name != "$team"},
        team=links.get("$team", UNSET),
    )


def _given(plain: PlainCatalog, thing: Thing | None) -> Any:
    """Return what people gave a thing, where null is nothing."""
    if thing is None:
        return None
    links = {name: plain.related(thing, name) for name in _relations(plain, thing.blueprint)}
    properties = {key: (type(value) is bool, value) for key, value in thing.properties.items()}
    there = {key: value for key, value in properties.items() if value[1] is not None}
    return thing.name, thing.title, there, links


def _requiring(plain: PlainCatalog, doomed: dict[int, Thing]) -> list[Thing]:
    found = []
    for source, name, target in plain.edges:
        if target in doomed and source not in doomed:
            relations = plain.documents[plain.things[source].blueprint].get("relations", {})
            if relations.get(name, {}).get("required"):
                found.append(plain.things[source])
    return found
