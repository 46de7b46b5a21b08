"""Action documents: what is executed of them must be well-formed, the rest is kept as it is. Pure.

``{"identifier", "trigger": {"type": "self-service" | "automation", ..}, "invocationMethod":
{"type", ..}, ..}``. A self-service action is run by people and machines with inputs; an automation
runs when an event happens for which its condition holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults
from portal.integrations.actions.templates import Template, parse_template
from portal.integrations.jq_bundles import program_faults

SELF_SERVICE, AUTOMATION = "self-service", "automation"
OPERATIONS = ("CREATE", "DAY-2", "DELETE")
ENTITY_EVENTS = {
    "ENTITY_CREATED": frozenset(["created"]),
    "ENTITY_UPDATED": frozenset(["updated"]),
    "ENTITY_DELETED": frozenset(["deleted"]),
    "ANY_ENTITY_CHANGE": frozenset(["created", "updated", "deleted"]),
}
RUN_EVENTS = {
    "RUN_CREATED": frozenset(["created"]),
    "RUN_UPDATED": frozenset(["updated"]),
    "ANY_RUN_CHANGE": frozenset(["created", "updated"]),
}
# Stored, and never fired by this portal.
TIMER_EVENT = "TIMER_PROPERTY_EXPIRED"
EVENTS = (*ENTITY_EVENTS, *RUN_EVENTS, TIMER_EVENT)
WEBHOOK, UPSERT_ENTITY, SLACK = "WEBHOOK", "UPSERT_ENTITY", "SLACK"
INTEGRATION_ACTION, KAFKA = "INTEGRATION_ACTION", "KAFKA"
# What has to be there of the invocations that this portal carries out.
_REQUIRED = {
    WEBHOOK: ("url",),
    SLACK: ("url",),
    UPSERT_ENTITY: ("blueprintIdentifier", "mapping"),
}
EXECUTED = frozenset(_REQUIRED)
# What a reading adds to a document, so that it may be sent back.
META = frozenset(["id", "createdAt", "createdBy", "updatedAt", "updatedBy"])
_IDENTIFIER = re.compile(r"^(?!\.{1,2}$)[\w@.+:=/\\-]+$")
_MAX_IDENTIFIER = 200
# What the columns hold that rows are looked up by.
_LIMITS = {"blueprintIdentifier": 100, "actionIdentifier": 200, "propertyIdentifier": 200}
_MAX_EXPRESSIONS = 50


@dataclass(frozen=True)
class Trigger:
    """What sets an action off; `blueprint` and `action` are what it listens to, or stands at."""

    type: str
    operation: str = ""
    blueprint: str = ""
    event: str = ""
    action: str = ""


@dataclass(frozen=True)
class Condition:
    """Programs over an event, of which all must hold, or any."""

    expressions: tuple[str, ...]
    is_any: bool

    def holds(self, values: list[Any]) -> bool:
        """Say whether these values of the expressions let the automation run."""
        verdicts = [value is True for value in values]
        return any(verdicts) if self.is_any and verdicts else all(verdicts)


@dataclass(frozen=True)
class ActionDefinition:
    """An action document that was read."""

    identifier: str
    document: dict[str, Any]
    trigger: Trigger
    condition: Condition
    is_published: bool

    @property
    def invocation(self) -> dict[str, Any]:
        """Return what is to be done."""
        return self.document["invocationMethod"]

    @property
    def inputs(self) -> dict[str, Any]:
        """Return what a run may be given, and must be."""
        return self.document["trigger"].get("userInputs") or {}

    @property
    def warnings(self) -> list[str]:
        """Return what is stored of the action and yet will not happen."""
        kind, found = self.invocation["type"], []
        if self.trigger.event == TIMER_EVENT:
            found.append(f"This portal does not fire {TIMER_EVENT}; the automation never runs.")
        if kind == KAFKA:
            found.append("This portal publishes nothing; runs wait for whoever works them off.")
        elif kind not in EXECUTED and kind != INTEGRATION_ACTION:
            found.append(f"This portal does not execute {kind}; runs of it fail.")
        return found

    @property
    def needs_approval(self) -> bool:
        """Say whether somebody has to agree to each run."""
        required = self.document.get("requiredApproval")
        return required is not None and required is not False


def parse_action(raw: Mapping[str, Any]) -> ActionDefinition:
    """Return what an action document says; raises `Invalid`. Programs are not compiled here."""
    document = {key: value for key, value in raw.items() if key not in META}
    faults = storable_faults(document)
    if faults:
        raise Invalid(faults)
    faults = [*_identifier_faults(document.get("identifier")), *_invocation_faults(document)]
    trigger = document.get("trigger")
    read, condition = Trigger(""), Condition((), is_any=False)
    if isinstance(trigger, dict):
        faults.extend(fault.under("trigger") for fault in _trigger_faults(trigger))
    else:
        faults.append(Fault("trigger", "give an object with a type"))
    if not isinstance(document.get("publish", True), bool | None):
        faults.append(Fault("publish", "give true or false"))
    faults.extend(_approval_faults(document.get("requiredApproval")))
    if faults:
        raise Invalid(faults)
    read = _trigger(document["trigger"])
    condition = _condition(document["trigger"])
    return ActionDefinition(
        identifier=document["identifier"],
        document=document,
        trigger=read,
        condition=condition,
        is_published=document.get("publish") is not False,
    )


def compile_faults(action: ActionDefinition) -> list[Fault]:
    """Return a fault for every program of the action that does not compile."""
    path = "trigger.condition.expressions"
    expressions = {
        f"{path}[{index}]": text for index, text in enumerate(action.condition.expressions)
    }
    faults = program_faults(expressions)
    if action.invocation["type"] in EXECUTED:
        faults += template_of(action).compile_faults()
    return faults


def template_of(action: ActionDefinition) -> Template:
    """Return what is to be done, as a template."""
    return parse_template(action.invocation, path="invocationMethod")


def with_blueprint_renamed(document: Mapping[str, Any], *, old: str, new: str) -> dict[str, Any]:
    """Return an action document that knows a blueprint by its new identifier.

    Programs and texts are left as they are: nobody can tell what they mean.
    """
    trigger = _pointing(document["trigger"], "blueprintIdentifier", old, new)
    if isinstance(trigger.get("event"), dict):
        trigger["event"] = _pointing(trigger["event"], "blueprintIdentifier", old, new)
    inputs = trigger.get("userInputs")
    if isinstance(inputs, dict) and isinstance(inputs.get("properties"), dict):
        properties = {
            name: _input_pointing(item, old, new) for name, item in inputs["properties"].items()
        }
        trigger["userInputs"] = {**inputs, "properties": properties}
    invocation = _pointing(document["invocationMethod"], "blueprintIdentifier", old, new)
    return {**document, "trigger": trigger, "invocationMethod": invocation}


def _input_pointing(item: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return the definition of an input; those that are entities name their blueprint."""
    changed = _pointing(item, "blueprint", old, new)
    if isinstance(item.get("items"), dict):
        changed["items"] = _pointing(item["items"], "blueprint", old, new)
    return changed


def _pointing(item: Mapping[str, Any], key: str, old: str, new: str) -> dict[str, Any]:
    return {**item, key: new} if item.get(key) == old else dict(item)


def _identifier_faults(value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        yield Fault("identifier", "give a text of letters, digits and @ _ . + : \\ / = -")
    elif len(value) > _MAX_IDENTIFIER:
        yield Fault("identifier", f"has more than {_MAX_IDENTIFIER} characters; shorten it")


def _trigger_faults(trigger: dict[str, Any]) -> Iterator[Fault]:
    match trigger.get("type"):
        case "self-service":
            if trigger.get("operation") not in (None, *OPERATIONS):
                yield Fault("operation", f"give one of: {', '.join(OPERATIONS)}")
            yield from _text_faults(trigger, "blueprintIdentifier")
            yield from _input_faults(trigger.get("userInputs"))
        case "automation":
            yield from _event_faults(trigger.get("event"))
            yield from _condition_faults(trigger.get("condition"))
        case _:
            yield Fault("type", f"give one of: {SELF_SERVICE}, {AUTOMATION}")


def _text_faults(parent: dict[str, Any], name: str, path: str = "") -> Iterator[Fault]:
    value = parent.get(name)
    if not isinstance(value, str | None) or len(value or "") > _LIMITS[name]:
        yield Fault(f"{path}{name}", f"give a text of at most {_LIMITS[name]} characters")


def _input_faults(inputs: Any) -> Iterator[Fault]:
    if inputs is None:
        return
    if not isinstance(inputs, dict):
        yield Fault("userInputs", "give an object")
        return
    properties = inputs.get("properties")
    if not isinstance(properties, dict | None):
        yield Fault("userInputs.properties", "give an object of inputs")
        return
    for name, definition in (properties or {}).items():
        if not isinstance(definition, dict):
            yield Fault(f"userInputs.properties.{name}", "give an object")
    required = inputs.get("required")
    is_list = isinstance(required, list) and all(isinstance(item, str) for item in required)
    if not (required is None or is_list or isinstance(required, dict)):
        yield Fault("userInputs.required", "give a list of names of inputs")


def _event_faults(event: Any) -> Iterator[Fault]:
    if not isinstance(event, dict):
        yield Fault("event", "give an object with a type")
        return
    kind = event.get("type")
    if kind not in EVENTS:
        yield Fault("event.type", f"give one of: {', '.join(EVENTS)}")
    for name in ("blueprintIdentifier", "actionIdentifier", "propertyIdentifier"):
        yield from _text_faults(event, name, "event.")
    if kind in tuple(ENTITY_EVENTS) and not event.get("blueprintIdentifier"):
        yield Fault("event.blueprintIdentifier", "name the blueprint of the entities")


def _condition_faults(condition: Any) -> Iterator[Fault]:
    if condition is None:
        return
    if not isinstance(condition, dict):
        yield Fault("condition", "give an object")
        return
    if condition.get("type", "JQ") != "JQ":
        yield Fault("condition.type", "give JQ")
    expressions = condition.get("expressions", [])
    is_list = isinstance(expressions, list) and all(isinstance(item, str) for item in expressions)
    if not is_list or len(expressions) > _MAX_EXPRESSIONS:
        message = f"give a list of at most {_MAX_EXPRESSIONS} jq programs"
        yield Fault("condition.expressions", message)
    if condition.get("combinator") not in (None, "and", "or"):
        yield Fault("condition.combinator", "give and, or or")


def _invocation_faults(document: dict[str, Any]) -> Iterator[Fault]:
    invocation = document.get("invocationMethod")
    kind = invocation.get("type") if isinstance(invocation, dict) else None
    if not isinstance(kind, str) or not kind:
        yield Fault("invocationMethod", "give an object with a type")
        return
    for name in _REQUIRED.get(kind, ()):
        value = invocation.get(name)
        is_there = isinstance(value, dict if name == "mapping" else str) and value
        if not is_there:
            yield Fault(f"invocationMethod.{name}", f"{kind} needs it")
    if kind in (WEBHOOK, SLACK):
        if not isinstance(invocation.get("method"), str | None):
            yield Fault("invocationMethod.method", "give a text")
        if not isinstance(invocation.get("headers"), dict | None):
            yield Fault("invocationMethod.headers", "give an object of texts")


def _approval_faults(required: Any) -> Iterator[Fault]:
    if required is None or isinstance(required, bool):
        return
    if not isinstance(required, dict) or required.get("type") not in ("ANY", "ALL"):
        yield Fault("requiredApproval", 'give true, false, or {"type": "ANY"} or "ALL"')


def _trigger(trigger: dict[str, Any]) -> Trigger:
    if trigger["type"] == SELF_SERVICE:
        return Trigger(
            SELF_SERVICE,
            operation=trigger.get("operation") or "",
            blueprint=trigger.get("blueprintIdentifier") or "",
        )
    event = trigger["event"]
    return Trigger(
        AUTOMATION,
        blueprint=event.get("blueprintIdentifier") or "",
        event=event["type"],
        action=event.get("actionIdentifier") or "",
    )


def _condition(trigger: dict[str, Any]) -> Condition:
    # Self-service actions have a condition as well: which entities it is offered at, for pages.
    raw = trigger.get("condition") if trigger["type"] == AUTOMATION else None
    raw = raw or {}
    return Condition(tuple(raw.get("expressions") or ()), is_any=raw.get("combinator") == "or")
