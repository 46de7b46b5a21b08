"""Installing ready-made packs: blueprints, extended where they exist, and scorecards."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.errors import NotFound
from catalog.operations import history, save_blueprints
from portal.permissions import Actor
from scorecards.models import InstalledPack, Scorecard
from scorecards.operations.editing import delete_scorecard, document_of, save_scorecard
from scorecards.packs import (
    OFFICIAL,
    PACKS,
    Pack,
    additions_of,
    definitions_of,
    enrich_blueprint,
    extend_blueprint,
    keep_choices,
    load_pack,
    merge_settings,
    pack_rules,
)
from scorecards.reach import has_any, is_described
from scorecards.signals import pack_installed

Settings = Mapping[str, Any]
Document = dict[str, Any]


@transaction.atomic
def install_pack(
    *, name: str, by: Actor, now: datetime, settings: Settings | None = None
) -> list[Scorecard]:
    """Install a pack, or bring an installed one up to date; return its scorecards.

    Blueprints that exist are extended, never reduced, and rules stay as people decided about them
    (see `scorecards.packs.keep_choices`); pages are left to who keeps pages, by `pack_installed`.
    Of the `settings` (see `scorecards.packs.settings`) those that are not given
    stay as they were set before. Raises `NotFound` naming the packs there are, and `Invalid` for
    settings, with their names as paths.
    """
    if name not in PACKS:
        raise NotFound(f"there is no pack '{name}'; there are: {', '.join(sorted(PACKS))}")
    row, is_new = InstalledPack.objects.select_for_update().get_or_create(
        name=name, defaults={"installed_at": now, "updated_at": now}
    )
    before, after = row.settings, merge_settings(name, row.settings, settings or {})
    pack = load_pack(name, settings=after)
    _save_blueprints(pack, by=by, now=now)
    scorecards = [
        save_scorecard(definition=item, by=by, now=now) for item in _as_decided(pack.scorecards)
    ]
    if before.get("thresholds") and not after["thresholds"]:
        _withdraw_official(by=by, now=now)
    row.settings, row.updated_at = after, now
    row.save()
    if is_new or before != after:
        _record(name, before, after, by=by, now=now)
    pack_installed.send(sender=InstalledPack, pack=pack, by=by, now=now)
    return scorecards


def _save_blueprints(pack: Pack, *, by: Actor, now: datetime) -> None:
    """Save the blueprints of a pack, and whatever installed packs add to these and to others."""
    stored = _stored_blueprints()
    wanted = stored | {
        item["identifier"]: extend_blueprint(stored[item["identifier"]], item)
        if item["identifier"] in stored
        else item
        for item in pack.blueprints
    }
    for addition in _additions():
        if _has_needs(wanted, addition):
            for name in _targets(wanted, addition):
                wanted[name] = enrich_blueprint(wanted[name], addition)
    changed = [item for name, item in wanted.items() if item != stored.get(name)]
    save_blueprints(definitions=changed, by=by, now=now)


def _stored_blueprints() -> dict[str, Document]:
    return {key: dict(spec.document) for key, spec in registry.graph().specs.items()}


def _additions() -> Iterator[Document]:
    """Yield what the installed packs add to blueprints that need not be theirs."""
    rows = InstalledPack.objects.filter(name__in=PACKS).order_by("installed_at", "name")
    for name in rows.values_list("name", flat=True):
        yield from additions_of(name)


def _has_needs(blueprints: Mapping[str, Document], addition: Document) -> bool:
    """Say whether the facts are there that an addition is computed from."""
    return all(
        set(facts) <= _facts(blueprints.get(name, {}))
        for name, facts in addition.get("needs", {}).items()
    )


def _facts(blueprint: Document) -> set[str]:
    keys = {key for definitions in definitions_of(blueprint).values() for key in definitions}
    return keys | {f"relation#{key}" for key in blueprint.get("relations") or {}}


def _targets(blueprints: Mapping[str, Document], addition: Document) -> list[str]:
    if "identifier" in addition:
        return [addition["identifier"]]
    return [name for name, item in blueprints.items() if is_described(item)]


@transaction.atomic
def compute_descriptions(*, by: Actor, now: datetime) -> None:
    """Let installed packs compute on described blueprints what they compute of descriptions.

    For blueprints that came after the pack and have of themselves what describes an entity. What
    they have not, they are not given here: whoever made them did not ask for it.
    """
    stored = _stored_blueprints()
    changed: dict[str, Document] = {}
    for addition in _additions():
        if "identifier" in addition or "calculation_properties" not in addition:
            continue
        given = definitions_of(addition)["schema"]
        types = {key: definition["type"] for key, definition in given.items()}
        computed = {"calculation_properties": addition["calculation_properties"]}
        for name, item in stored.items():
            lacks = computed["calculation_properties"].keys() - _facts(item)
            if lacks and is_described(item) and has_any(item, types):
                changed[name] = enrich_blueprint(changed.get(name, item), computed)
    if changed:
        save_blueprints(definitions=list(changed.values()), by=by, now=now)


def _as_decided(definitions: Iterable[Document]) -> Iterator[Document]:
    """Yield the documents of a pack with what people decided about those that are there."""
    for item in definitions:
        name = item["identifier"]
        stored = Scorecard.objects.with_parts().filter(identifier=name).first()
        if stored is None:
            yield item
            continue
        own = {rule for scorecard, rule in pack_rules() if scorecard == name}
        yield keep_choices(item, document_of(stored), own_rules=own)


def _withdraw_official(*, by: Actor, now: datetime) -> None:
    """Delete the scorecards by a year's report, which go with the year."""
    for scorecard in Scorecard.objects.filter(identifier__in=OFFICIAL).order_by("id"):
        delete_scorecard(scorecard=scorecard, by=by, now=now)


def _record(name: str, before: Settings, after: Settings, *, by: Actor, now: datetime) -> None:
    moved = [key for key in after if key not in before or before[key] != after[key]]
    history.record_change(
        kind="pack",
        identifier=name,
        before={key: before.get(key) for key in moved} if before else {},
        after={key: after[key] for key in moved},
        by=by,
        now=now,
    )
