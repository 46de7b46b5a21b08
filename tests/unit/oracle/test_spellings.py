"""Every spelling of a date and a number counts alike: as it comes in, and read from what is stored.

An event's values are taken from what was written; definitions that come later take them from the
database. Both must find what brute force finds.
"""

from datetime import timedelta

import pytest

from tests.unit.oracle.definitions import Model, aggregation, leaf, relation, where
from tests.unit.oracle.happenings import Draft, Redefine, Save, Upsert, Wait
from tests.unit.oracle.test_computed_oracle import differences, rebuild_from_nothing, told_again

pytestmark = pytest.mark.django_db

DATES = [
    "2026-05-25T12:00:00Z",
    "2026-05-25T12:00:00z",
    "2026-05-25t12:00:00Z",
    "2026-05-25 12:00:00Z",
    "2026-05-25T12:00",
    "2026-05-25T12:00Z",
    "2026-05-25T12",
    "2026-05-25",
    "2026-05-25T14:00:00+02:00",
    "2026-05-25T14:00:00+0200",
    "2026-05-25T14+02",
    "2026-05-25T14:00+02",
    "2026-05-25T12:00:00-00:00",
    "2026-05-26T11:59:00+23:59",
    "2026-05-25T12:00:00+24:00",
    "2026-05-25T14:00:00+01:60",
    "2026-05-25T11:59:59.999999Z",
    "2026-05-25T11:59:59.9999999Z",
    "2026-05-25T11:59:59.9999999999999Z",
    "2026-05-25T12:00:00.000001",
    "2026-05-25T12:00:00,5+00:00",
    "2026-05-25T12:00:00.1Z",
    "2026-05-25T12:00:00.Z",
    "2026-05-25T24:00:00Z",
    "2026-05-25T12:60:00Z",
    "2026-05-25T12:00:60Z",
    "2026-02-29",
    "2024-02-29",
    "2026-13-01",
    "2026-00-10",
    "2026-04-31T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "1582-10-10",
    "1900-02-29",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "20260525T120000Z",
    "2026-W21-1",
    "2026-145",
    "+2026-05-25",
    " 2026-05-25",
    "2026-05-25\n",
    "２０２６-05-25",
    "now",
    "",
]
NUMBERS = [
    0,
    -0.0,
    1.0,
    -3,
    0.1,
    1e-200,
    1_780_315_200_123,
    2**53,
    2**53 + 1,
    2**63,
    -(2**64) - 1,
    10**40,
    10**308,
    1.5e308,
    -1.7976931348623157e308,
]
ODD = [None, True, False, "1", "", [], [1], {}, {"n": 1}]


def spelt(round_: int) -> Model:
    """Return a model whose definitions are new in each round."""
    # A condition of its own makes a definition of its own, filled from what is stored.
    kept = where(leaf("$identifier", "!=", f"round {round_}"))
    recent = where(leaf("at", "between", {"preset": "lastWeek"}), *kept["rules"])
    hourly = {"averageOf": "hour", "measureTimeBy": "at"}
    aggregations = {
        "rate": aggregation("event", "average", query=kept, **hourly),
        "mean_rate": aggregation("event", "average", "n", query=kept, **hourly),
        "recent": aggregation("event", "count", query=recent),
        "early": aggregation("event", "count", query=where(leaf("at", "<", "1970-01-01"))),
        "sum": aggregation("event", "sum", "n", query=kept),
        "p75": aggregation("event", "p75", "n", query=kept),
        "max": aggregation("event", "max", "n", query=kept),
        "median": aggregation("event", "median", "n", query=kept),
        "small": aggregation("event", "count", query=where(leaf("n", "<=", 1), *kept["rules"])),
    }
    return Model(
        documents={
            "owner": _document("owner", {}, aggregation_properties=aggregations),
            "event": _document("event", {"at": "string", "n": "number"}, relations=OWNED),
        },
        programs={},
        values={},
        odd=[],
        names={},
    )


OWNED = {"owner": relation("owner")}


def _document(identifier: str, types: dict[str, str], **sections: dict) -> dict:
    properties = {name: {"type": type_} for name, type_ in types.items()}
    schema = {"properties": properties, "required": []}
    return {"identifier": identifier, "title": identifier, "schema": schema, **sections}


def test_every_spelling_counts_as_brute_force_reads_it():
    """Give every spelling an owner of its own, and one owner all numbers at once."""
    numbers = [{"at": DATES[0], "n": number} for number in NUMBERS]
    cases = [
        *({"at": date, "n": 1} for date in DATES),
        *({"at": odd, "n": odd} for odd in ODD),
        *numbers,
    ]
    owners = [f"o{index}" for index in range(len(cases))]
    events = [*zip(owners, cases, strict=True), *(("o0", case) for case in numbers)]
    with told_again() as plain:
        Redefine(spelt(0)).take(plain)
        Upsert("owner", tuple(Draft(name, {}, {}) for name in owners), True).take(plain)
        for owner, properties in events:
            name = f"e{len(plain.things)}"
            Upsert("event", (Draft(name, {}, {"owner": (owner,)}),), True).take(plain)
            # Plainly: no schema stands between.
            Save("event", name, properties).take(plain)
        assert differences(plain) == []
        for step in (Redefine(spelt(1)), Wait(timedelta(microseconds=1)), Redefine(spelt(2))):
            step.take(plain)
            assert differences(plain) == []
        rebuild_from_nothing(plain)
        assert differences(plain) == []
