"""Which packs there are, and how one is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scorecards.packs.extension import extend_blueprint

Document = dict[str, Any]

FOLDER = Path(__file__).parent


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


def load_pack(name: str, *, with_measures: bool = True) -> Pack:
    """Read a pack's documents, fresh on every call, so that a caller may change what it got.

    A pack without a file of a kind has no documents of that kind. `measures.yaml` extends the
    blueprints by properties that nothing else in the pack reads.

    Raises:
        UnknownPackError: there is none of that name.
    """
    if name not in PACKS:
        raise UnknownPackError(f"There is no pack {name!r}. There are: {', '.join(sorted(PACKS))}.")
    summary = PACKS[name]
    folder = FOLDER / name
    measures = _documents(folder / "measures.yaml") if with_measures else []
    return Pack(
        name=name,
        title=summary.title,
        description=summary.description,
        blueprints=_extended(_documents(folder / "blueprints.yaml"), measures),
        scorecards=_documents(folder / "scorecards.yaml"),
        pages=_documents(folder / "pages.yaml"),
    )


def _extended(blueprints: list[Document], extensions: list[Document]) -> list[Document]:
    additions = {item["identifier"]: item for item in extensions}
    return [
        extend_blueprint(item, additions[item["identifier"]])
        if item["identifier"] in additions
        else item
        for item in blueprints
    ]


def _documents(path: Path) -> list[Document]:
    if not path.exists():
        return []
    return read_yaml(path)


def read_yaml(path: Path) -> list[Document]:
    """Read a YAML list of documents.

    What is written once and referred to again (`&name`, `*name`) comes out as copies: a change to
    one place never shows up in another.
    """
    documents: list[Document] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return [_without_sharing(document) for document in documents]


def _without_sharing(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_sharing(inner) for key, inner in value.items()}
        case list():
            return [_without_sharing(inner) for inner in value]
        case _:
            return value
