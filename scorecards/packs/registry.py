"""Which packs there are, and how one is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scorecards.packs.definitions import graded_by_measures, tiers_by_measures
from scorecards.packs.extension import extend_blueprint
from scorecards.packs.official import official_scorecards
from scorecards.packs.reading import FOLDER, read_yaml
from scorecards.packs.settings import OWN_MEASURES, Settings, parse_settings
from scorecards.packs.thresholds import thresholds_of

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


def _documents(name: str, kind: str, values: Settings) -> list[Document]:
    path = FOLDER / name / f"{kind}.yaml"
    return read_yaml(path, values) if path.exists() else []
