"""Carrying out what the mappings of a request ask for, and telling what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from catalog.errors import Fault, HasDependents, Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import delete_entities
from portal.integrations.models import Webhook, WebhookEvent
from portal.integrations.port.entities import Results, Writing, write_many
from portal.integrations.port.entities_codec import read_entity
from portal.integrations.port.references import resolve
from portal.integrations.webhooks.mappings import Problem, Wish
from portal.permissions import Actor

# What one row keeps to be read; the counts are whole.
MAX_TOUCHED = 100
MAX_PROBLEMS = 50


@dataclass
class Outcome:
    """What came of one request."""

    state: str = WebhookEvent.State.DONE
    touched: list[dict[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, blueprint: str, identifier: str, action: str) -> None:
        """Note that an entity was written."""
        self.touched.append({"blueprint": blueprint, "identifier": identifier, "action": action})

    def refuse(self, wish: Wish, faults: Iterable[Fault]) -> None:
        """Note what is wrong with what a mapping asks for."""
        self.problems.extend(
            Problem(wish.mapping, wish.item, fault.path, fault.message) for fault in faults
        )

    def columns(self, now: datetime) -> dict[str, Any]:
        """Return the columns of the row that keeps it."""
        return {
            "state": self.state,
            "processed_at": now,
            "touched": self.touched[:MAX_TOUCHED],
            "touched_count": len(self.touched),
            "problems": [problem.as_json() for problem in self.problems[:MAX_PROBLEMS]],
            "problem_count": len(self.problems),
        }


class Applier:
    """Carries out what the mappings of one request ask for, in their order."""

    def __init__(self, webhook: Webhook, now: datetime) -> None:
        self.webhook, self.now = webhook, now
        self.by = Actor(label=webhook.datasource, source="webhook")
        self.outcome = Outcome()

    def apply(self, wishes: Iterable[Wish], problems: list[Problem]) -> Outcome:
        """Write and delete; what cannot be is told in the outcome."""
        self.outcome.problems.extend(problems)
        # Group by group: each finds what the one before has written.
        for (name, is_delete), found in groupby(wishes, key=attrgetter("blueprint", "is_delete")):
            group = list(found)
            blueprint = Blueprint.objects.filter(identifier=name).first()
            if blueprint is None:
                message = f"there is no blueprint '{name}'"
                self.outcome.refuse(group[0], [Fault("blueprint", message)])
                continue
            group = [wish for wish in group if self._names_something(wish)]
            if is_delete:
                self._delete(blueprint, group)
            elif group:
                self._write(blueprint, group)
        return self.outcome

    def _names_something(self, wish: Wish) -> bool:
        value = _as_text(wish.entity.get("identifier"))
        if isinstance(value, str | dict) and value:
            return True
        fault = Fault("entity.identifier", "the program must return a text")
        self.outcome.refuse(wish, [fault])
        return False

    def _write(self, blueprint: Blueprint, wishes: Sequence[Wish]) -> None:
        writing = Writing(
            by=self.by,
            now=self.now,
            datasource=self.webhook.datasource,
            merge=True,
            create_missing=True,
        )
        results = write_many(blueprint, [body_of(wish) for wish in wishes], writing)
        self._note_written(blueprint, results)
        for index, faults in sorted(results.faults.items()):
            self.outcome.refuse(wishes[index], [fault.under("entity") for fault in faults])

    def _note_written(self, blueprint: Blueprint, results: Results) -> None:
        made = {results.entities[index].pk for index in results.created}
        same = {results.entities[index].pk for index in results.unchanged}
        for entity in {entity.pk: entity for entity in results.entities.values()}.values():
            action = "unchanged" if entity.pk in same else "updated"
            action = "created" if entity.pk in made else action
            self.outcome.note(blueprint.identifier, entity.identifier, action)
        for entity in results.bare:
            self.outcome.note(entity.facts["$blueprint"], entity.identifier, "created")

    def _delete(self, blueprint: Blueprint, wishes: Iterable[Wish]) -> None:
        for wish in wishes:
            try:
                name = self._identifier(blueprint, wish)
                # One by one: what went with the one before is not there any more.
                entities = list(Entity.objects.filter(blueprint=blueprint).named([name]))
                if not entities:
                    # Gone already, which is what was wanted.
                    continue
                delete_entities(
                    entities=entities,
                    delete_dependents=wish.deletes_dependents,
                    by=self.by,
                    now=self.now,
                )
            except HasDependents as error:
                self.outcome.refuse(wish, [Fault("operation", str(error))])
            except Invalid as error:
                self.outcome.refuse(wish, [fault.under("entity") for fault in error.faults])
            else:
                self.outcome.note(blueprint.identifier, name, "deleted")

    def _identifier(self, blueprint: Blueprint, wish: Wish) -> str:
        sent = read_entity(
            {"identifier": _as_text(wish.entity["identifier"])}, blueprint=blueprint.identifier
        )
        resolved = resolve({0: sent}, blueprint=blueprint.identifier, now=self.now)[0]
        if resolved.identifier is None:
            raise Invalid(resolved.faults)
        return resolved.identifier


def body_of(wish: Wish) -> dict[str, Any]:
    """Return what a wish asks an entity to be, as a client would send it."""
    # Null says nothing here: an entity cannot be without a title.
    body = {
        name: value
        for name, value in wish.entity.items()
        if value is not None or name not in ("title", "icon")
    }
    body["identifier"] = _as_text(body.get("identifier"))
    if isinstance(body.get("relations"), dict):
        body["relations"] = {name: _as_names(value) for name, value in body["relations"].items()}
    return body


def _as_names(value: Any) -> Any:
    return [_as_text(item) for item in value] if isinstance(value, list) else _as_text(value)


def _as_text(value: Any) -> Any:
    """Return a whole number as text: identifiers are, and other systems count."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value
