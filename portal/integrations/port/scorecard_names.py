"""What scorecards are called on each blueprint, which is not always what they are called here."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count

from portal.integrations.models import ScorecardNote
from scorecards.models import Scorecard

# The ids of a blueprint and of a scorecard.
Pair = tuple[int, int]
MAX_LENGTH = 100


def given_names(blueprint_ids: Iterable[int]) -> dict[Pair, str]:
    """Return the names that clients have given to scorecards on blueprints, with one query."""
    notes = ScorecardNote.objects.in_force().filter(blueprint__in=set(blueprint_ids))
    rows = notes.values_list("blueprint_id", "scorecard_id", "identifier")
    return {(blueprint, scorecard): name for blueprint, scorecard, name in rows}


def names_of(
    pairs: Iterable[Pair], *, identifiers: Mapping[int, str], given: Mapping[Pair, str]
) -> dict[Pair, str]:
    """Return what each scorecard is called on a blueprint.

    `given` are all the names that clients gave on these blueprints, `identifiers` our own by
    scorecard id: the names of those that no client has named, unless that is the name of another.
    """
    taken = {(blueprint, name) for (blueprint, _), name in given.items()}
    return {
        pair: given.get(pair) or _free_name(identifiers[pair[1]], pair, taken) for pair in pairs
    }


def _free_name(identifier: str, pair: Pair, taken: Collection[tuple[int, str]]) -> str:
    name = identifier
    while (pair[0], name) in taken:
        name = f"{name}--{pair[1]}"
    return name


def scorecards_named(name: str) -> list[tuple[str, Scorecard]]:
    """Return the scorecards of this name that grade, each with the blueprint where it has it."""
    rows = Scorecard.objects.published().prefetch_related("blueprints")
    pairs = {
        (blueprint.pk, row.pk): blueprint for row in rows for blueprint in row.blueprints.all()
    }
    names = names_of(
        pairs,
        identifiers={row.pk: row.identifier for row in rows},
        given=given_names(blueprint for blueprint, _ in pairs),
    )
    by_id = {row.pk: row for row in rows}
    return [
        (blueprint.identifier, by_id[pair[1]])
        for pair, blueprint in pairs.items()
        if names[pair] == name
    ]


def own_identifier(name: str, *, blueprint: str) -> str:
    """Return an identifier of ours for a new scorecard that clients call so on a blueprint."""
    return next(
        identifier
        for identifier in _choices(name, blueprint)
        if not Scorecard.objects.filter(identifier=identifier).exists()
    )


def _choices(name: str, blueprint: str) -> Iterator[str]:
    yield name
    yield f"{blueprint}--{name}"[:MAX_LENGTH]
    for number in count(2):
        yield f"{blueprint[:40]}--{name[:40]}--{number}"
