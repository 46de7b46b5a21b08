"""Every operation that somebody does leaves a row in the history."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "catalog/operations",
    "scorecards/operations",
    "portal/dashboards/operations",
    "portal/integrations",
)
RECORDS = "catalog.operations.history.record"

# Operations with a `by` of which the history tells nothing, and why.
UNTOLD = {
    # It makes the rows that others store.
    "catalog.operations.history.change",
    "catalog.operations.history.entity_change",
    # They only ask, or make a text.
    "portal.integrations.channels.operations.message_of_test",
    "scorecards.operations.outcomes.check_reporter",
    "catalog.operations.permits.write_faults",
    "catalog.operations.permits.may_make_bare",
    "catalog.operations.permits.check_deletions",
    "catalog.operations.permits.check_restoring",
    # What they keep was deleted by somebody, which is told.
    "catalog.operations.trashing.keep_entities",
    "catalog.operations.trashing.kept_row",
    "scorecards.operations.keeping.keep_scorecard",
    # What exporters and actions tell of their work, as it goes: the run and the integration say it.
    "portal.integrations.actions.runs.write_log",
    "portal.integrations.integrations.save_resync_state",
    # Whoever stores a batch for others tells of it: `accept_outcomes`.
    "scorecards.operations.outcome_batches.store_batch",
}


@dataclass
class Module:
    """What a module defines, and what its names mean."""

    functions: dict[str, ast.AST] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


@functools.cache
def modules() -> dict[str, Module]:
    """Read all modules of the product."""
    found = {}
    for app in ("catalog", "scorecards", "portal"):
        for path in (ROOT / app).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = _read(ast.parse(path.read_text()))
    return found


def _read(tree: ast.Module) -> Module:
    module = Module()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.functions[node.name] = node
    return module


def resolve(name: str) -> str:
    """Return where the function of this qualified name is defined, through what is re-exported."""
    seen = set()
    while name not in seen:
        seen.add(name)
        path, _, last = name.rpartition(".")
        module = modules().get(path)
        if module is not None and last not in module.functions:
            name = module.names.get(last, name)
    return name


@functools.cache
def called(name: str) -> frozenset[str]:
    """Return what the function or class of this qualified name mentions."""
    return frozenset(_called(name))


def _called(name: str) -> Iterator[str]:
    path, _, last = name.rpartition(".")
    module = modules().get(path)
    node = module.functions.get(last) if module else None
    if module is None or node is None:
        return
    for part in ast.walk(node):
        match part:
            case ast.Name(id=known) if known in module.functions:
                yield f"{path}.{known}"
            case ast.Name(id=known) if known in module.names:
                yield resolve(module.names[known])
            case ast.Attribute(value=ast.Name(id=known), attr=attr) if known in module.names:
                yield resolve(f"{module.names[known]}.{attr}")


def is_told(name: str) -> bool:
    """Say whether a function gets to where rows are stored."""
    seen, ahead = {name}, [name]
    while ahead:
        new = called(ahead.pop()) - seen
        if RECORDS in new:
            return True
        seen |= new
        ahead.extend(new)
    return False


def operations() -> list[str]:
    """Return the functions that somebody does something by."""
    found = []
    for name, module in modules().items():
        if not name.replace(".", "/").startswith(PLACES):
            continue
        for function, node in module.functions.items():
            if isinstance(node, ast.FunctionDef) and not function.startswith("_"):
                arguments = (*node.args.args, *node.args.kwonlyargs)
                if any(_is_actor(argument) for argument in arguments):
                    found.append(f"{name}.{function}")
    return sorted(found)


def _is_actor(argument: ast.arg) -> bool:
    is_actor = isinstance(argument.annotation, ast.Name) and argument.annotation.id == "Actor"
    return argument.arg == "by" and is_actor


def test_the_operations_are_found():
    assert len(operations()) > 80
    assert {
        "catalog.operations.entities.upsert_entity",
        "scorecards.operations.editing.save_scorecard",
        "portal.dashboards.operations.views.save_view",
        "portal.integrations.credentials.rotate_secret",
    } <= set(operations())


@pytest.mark.parametrize("operation", operations())
def test_every_operation_leaves_a_row(operation: str):
    assert is_told(operation) != (operation in UNTOLD)
