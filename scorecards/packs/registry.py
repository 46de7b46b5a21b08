"""Which packs there are, and how one is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from catalog.conditions import parse, reads
from scorecards.packs.definitions import graded_by_measures, tiers_by_measures
from scorecards.packs.extension import definitions_of, extend_blueprint
from scorecards.packs.official import official_scorecards
from scorecards.packs.reading import FOLDER, read_yaml
from scorecards.packs.settings import OWN_MEASURES, Settings, parse_settings
from scorecards.packs.thresholds import all_thresholds, thresholds_of

Document = dict[str, Any]


class UnknownPackError(LookupError):
    """Say that no pack has this name."""


@dataclass(frozen=True)
class PackSummary:
    """What a list of packs shows. `name` is also the pack's folder."""

    name: str
    title: str
    description: str


@dataclass(frozen=True)
class Pack:
    """A pack with its documents, each list in the order in which it can be created."""

    name: str
    title: str
    description: str
    blueprints: list[Document]
    scorecards: list[Document]
    pages: list[Document]


PACKS = {
    summary.name: summary
    for summary in (
        PackSummary(
            name="dora",
            title="DORA metrics",
            description=(
                "Deployments, pull requests and incidents of services, the four keys computed from "
                "them for services and teams, and scorecards that grade both."
            ),
        ),
        PackSummary(
            name="basics",
            title="Engineering basics",
            description="What every repository should hold, from a README to code owners.",
        ),
        PackSummary(
            name="production_readiness",
            title="Production readiness",
            description="Recent deployments, on-call, monitors and service level objectives.",
        ),
        PackSummary(
            name="observability",
            title="Observability best practices",
            description="Deployments tracked by version, and logs tied to traces.",
        ),
        PackSummary(
            name="ownership",
            title="Ownership and documentation",
            description="An owning team, contacts, the repository and documentation.",
        ),
    )
}


def load_pack(name: str, *, settings: Mapping[str, Any] | None = None) -> Pack:
    """Read a pack's documents, fresh on every call, so that a caller may change what it got.

    `settings` are those of `scorecards.packs.settings`; what is not given is as by default. A pack
    without a file of a kind has no documents of that kind. `measures.yaml` extends the blueprints
    by properties that nothing else reads, unless a setting says so.

    Raises:
        UnknownPackError: there is none of that name.
        Invalid: a setting is unknown, its value is none that it can have, or two contradict.
    """
    if name not in PACKS:
        raise UnknownPackError(f"There is no pack {name!r}. There are: {', '.join(sorted(PACKS))}.")
    summary, values = PACKS[name], parse_settings(name, settings or {})
    measures = _documents(name, "measures", values) if values.get("measures") else []
    pack = Pack(
        name=name,
        title=summary.title,
        description=summary.description,
        blueprints=_extended(_documents(name, "blueprints", values), measures),
        scorecards=_documents(name, "scorecards", values),
        pages=_documents(name, "pages", values),
    )
    return _TAILORS[name](pack, values) if name in _TAILORS else pack


def _tailor_dora(pack: Pack, settings: Settings) -> Pack:
    """Return the pack with the definitions to grade by, and the scorecards of a year's report."""
    blueprints, scorecards = pack.blueprints, pack.scorecards
    if settings["definitions"] == OWN_MEASURES:
        wording = _documents(pack.name, "wording", settings)
        blueprints = [tiers_by_measures(item) for item in blueprints]
        scorecards = graded_by_measures(scorecards, wording, minimum=settings["minimum"])
    if settings["thresholds"] is not None:
        scorecards = [*scorecards, *official_scorecards(thresholds_of(settings["thresholds"]))]
    return replace(pack, blueprints=blueprints, scorecards=scorecards)


# What settings do to a pack beyond filling in placeholders.
_TAILORS: dict[str, Callable[[Pack, Settings], Pack]] = {"dora": _tailor_dora}


def _extended(blueprints: list[Document], extensions: list[Document]) -> list[Document]:
    additions = {item["identifier"]: item for item in extensions}
    return [
        extend_blueprint(item, additions[item["identifier"]])
        if item["identifier"] in additions
        else item
        for item in blueprints
    ]


def additions_of(name: str) -> list[Document]:
    """Return what a pack adds to blueprints that need not be its own (see `enrich_blueprint`).

    Fresh on every call. One without `identifier` is for every blueprint that is described.
    """
    return _documents(name, "described", {})


@cache
def evidence_titles() -> Mapping[str, str]:
    """Return the titles of the facts that packs add to whatever is described, by key."""
    return {
        key: definition["title"]
        for name in PACKS
        for addition in additions_of(name)
        for definitions in definitions_of(addition).values()
        for key, definition in definitions.items()
    }


@cache
def evidence_keys() -> frozenset[str]:
    """Return the facts that packs are about which grade the whole catalog.

    Those that they add to blueprints, and those that their rules read.
    """
    following = [
        rule
        for name in PACKS
        for scorecard in _documents(name, "scorecards", parse_settings(name, {}))
        if scorecard.get("follows_catalog")
        for rule in scorecard["rules"]
    ]
    read = [reads(parse(rule[key])) for rule in following for key in ("query", "evidence")]
    return frozenset(evidence_titles()).union(*read)


@cache
def pack_rules() -> frozenset[tuple[str, str]]:
    """Return the rules of all packs, whatever their settings: (scorecard, rule), by identifier."""
    official = [item for table in all_thresholds().values() for item in official_scorecards(table)]
    documents = [item for name in PACKS for item in load_pack(name).scorecards]
    return frozenset(
        (scorecard["identifier"], rule["identifier"])
        for scorecard in [*documents, *official]
        for rule in scorecard["rules"]
    )


def _documents(name: str, kind: str, values: Settings) -> list[Document]:
    path = FOLDER / name / f"{kind}.yaml"
    return read_yaml(path, values) if path.exists() else []
