"""Strategies for histories: which steps are drawn, and of what."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.unit.oracle.definitions import Model
from tests.unit.oracle.happenings import Delete, Draft, Save, Step, Upsert, Wait

SPANS = (
    timedelta(microseconds=1),
    timedelta(seconds=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=6, hours=23, minutes=59, seconds=59),
    timedelta(days=8),
    timedelta(days=31),
)


def furnishings(model: Model, blueprint: str) -> st.SearchStrategy[Upsert]:
    """Return a write of half of what there can be of a blueprint, each with all it can have."""
    names = model.names[blueprint]
    drafts = st.tuples(
        *(
            _drafts(model, blueprint, name=name, is_full=True)
            for name in names[: len(names) // 2 + 1]
        )
    )
    return st.builds(Upsert, st.just(blueprint), drafts, st.just(True))


def upserts(model: Model, blueprint: str) -> st.SearchStrategy[Upsert]:
    """Return writes of one to four entities."""
    drafts = st.booleans().flatmap(
        lambda is_full: st.lists(
            _drafts(model, blueprint, is_full=is_full),
            min_size=1,
            max_size=4,
            unique_by=lambda draft: draft.name,
        )
    )
    is_merge = st.sampled_from([True, True, False])
    return st.builds(Upsert, st.just(blueprint), drafts.map(tuple), is_merge)


def _drafts(
    model: Model, blueprint: str, *, name: str | None = None, is_full: bool = False
) -> st.SearchStrategy[Draft]:
    relations = {**model.documents[blueprint].get("relations", {})}
    if (model.documents[blueprint].get("ownership") or {}).get("type") == "Direct":
        relations["$team"] = {"many": True, "target": "_team"}
    links = {
        key: st.lists(
            st.sampled_from(model.names[item["target"]]),
            min_size=is_full,
            max_size=2 if item.get("many") else 1,
        ).map(tuple)
        for key, item in relations.items()
    }
    must = {key for key, item in relations.items() if is_full or item.get("required")}
    return st.builds(
        Draft,
        st.just(name) if name else st.sampled_from(model.names[blueprint]),
        _properties(model.values[blueprint].items(), is_full=is_full),
        st.fixed_dictionaries(
            {key: found for key, found in links.items() if key in must},
            optional={key: found for key, found in links.items() if key not in must},
        ),
        st.sampled_from([None, None, None, "a", "Go"]),
    )


def _properties(
    values: Iterable[tuple[str, list[Any]]], *, is_full: bool = False
) -> st.SearchStrategy[dict[str, Any]]:
    found = {name: st.sampled_from(items) for name, items in values}
    return st.fixed_dictionaries(found) if is_full else st.fixed_dictionaries({}, optional=found)


def steps(
    model: Model, redefinitions: st.SearchStrategy[Step] | None = None
) -> st.SearchStrategy[Step]:
    """Return everything that can happen to a catalog of this model."""
    # The more there are of them, the more happens to them.
    blueprints = st.sampled_from(
        [name for name, letters in model.names.items() for _ in letters[::3]]
    )
    kinds = {
        "upsert": blueprints.flatmap(lambda name: upserts(model, name)),
        "save": blueprints.flatmap(lambda name: _saves(model, name)),
        "delete": blueprints.flatmap(lambda name: _deletions(model, name)),
        "wait": st.builds(Wait, st.sampled_from(SPANS)),
    }
    if redefinitions is not None:
        kinds["redefine"] = redefinitions
    # By name: alternatives of alternatives would all be as likely as each other.
    often = ["upsert"] * 4 + ["save", "delete", "wait"] * 2
    return st.sampled_from([*often, *kinds]).flatmap(kinds.__getitem__)


def _saves(model: Model, blueprint: str) -> st.SearchStrategy[Save]:
    values = [(name, model.odd or found) for name, found in model.values[blueprint].items()]
    names = st.sampled_from(model.names[blueprint])
    new_names = st.sampled_from([None, None, "z"])
    return st.builds(Save, st.just(blueprint), names, _properties(values), new_names)


def _deletions(model: Model, blueprint: str) -> st.SearchStrategy[Delete]:
    names = st.lists(st.sampled_from(model.names[blueprint]), min_size=1, max_size=2).map(tuple)
    how = st.sampled_from(["operation", "plain", "queryset"])
    return st.builds(Delete, st.just(blueprint), names, how)
