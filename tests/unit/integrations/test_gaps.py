"""Ids that were passed over."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.integrations.gaps import PATIENCE, Gap, Gaps
from tests.builders import NOW


def test_ids_that_were_not_there_are_remembered() -> None:
    gaps = Gaps().after(10, [11, 14, 15, 20], now=NOW)
    assert gaps.gaps == (Gap(12, 13, NOW), Gap(16, 19, NOW))
    assert Gaps.parse(gaps.dump()) == gaps


def test_what_has_come_closes_a_gap_or_parts_it() -> None:
    gaps = Gaps((Gap(12, 19, NOW),))
    later = NOW + timedelta(minutes=1)
    assert gaps.without([12, 15], now=later).gaps == (Gap(13, 14, NOW), Gap(16, 19, NOW))
    assert gaps.without(list(range(12, 20)), now=later).gaps == ()


def test_what_does_not_come_is_given_up() -> None:
    gaps = Gaps((Gap(1, 2, NOW), Gap(5, 5, NOW + PATIENCE)))
    assert gaps.without([], now=NOW + PATIENCE).gaps == (Gap(5, 5, NOW + PATIENCE),)


@given(st.lists(st.sets(st.integers(1, 60), max_size=30), max_size=6))
def test_every_id_is_seen_once_however_late_it_comes(commits: list[set[int]]) -> None:
    """Read after each commit, as the reader does: what is new above, and what came into gaps."""
    there: set[int] = set()
    seen: list[int] = []
    gaps, position = Gaps(), 0
    for commit in commits:
        there |= commit
        late = sorted(
            id_ for id_ in there if any(gap.first <= id_ <= gap.last for gap in gaps.gaps)
        )
        rows = sorted(id_ for id_ in there if id_ > position)
        gaps = gaps.without(late, now=NOW).after(position, rows, now=NOW)
        position = rows[-1] if rows else position
        seen += [*late, *rows]
    assert sorted(seen) == sorted(there)
