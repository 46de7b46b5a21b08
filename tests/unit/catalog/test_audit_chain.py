"""The chain of the audit rows: sealed afterwards, and broken by whoever touches it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from catalog import tasks
from catalog.chain import Link
from catalog.models import ChainEnd, Change
from catalog.operations import Broken, forget_old, history, rename_blueprint, restart, seal, verify
from tests.builders import NOW, TESTER, make_blueprint, make_entity

pytestmark = pytest.mark.django_db


def write(*names: str, days: int = 0) -> None:
    """Leave a row about each of these, written so many days after now."""
    for name in names:
        history.record_change(
            kind="thing",
            identifier=name,
            before={},
            after={"size": 1.0, "far": 1e16, "text": "é"},
            by=TESTER,
            now=NOW + timedelta(days=days),
        )


@pytest.fixture
def chain() -> Link:
    """Seal five rows; return the head."""
    Change.objects.all().delete()
    write(*"abcde")
    head = seal(now=NOW)
    assert head is not None
    return head


def rows() -> list[tuple[str, int | None]]:
    """Return what rows are about, and their numbers."""
    return list(Change.objects.order_by("id").values_list("identifier", "seal_number"))


def test_rows_are_written_unsealed_and_chained_in_their_order(chain: Link):
    write("f")
    assert rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5), ("f", None)]
    found = verify()
    assert (found.count, found.head, found.unsealed, found.unsealed_since) == (5, chain, 1, NOW)


def test_a_row_that_comes_late_is_chained_later(chain: Link):
    late = Change.objects.get(identifier="e")
    Change.objects.filter(pk=late.pk).delete()
    ChainEnd.objects.all().delete()
    Change.objects.update(seal_number=None, digest="")
    seal(now=NOW)
    late.seal_number, late.digest = None, ""
    write("f")
    seal(now=NOW)
    late.save(force_insert=True)
    seal(now=NOW)
    assert rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 6), ("f", 5)]
    assert verify().count == 6


def test_sealing_what_is_sealed_does_nothing(chain: Link):
    assert seal(now=NOW) is None
    assert verify().head == chain


def test_an_empty_log_holds():
    Change.objects.all().delete()
    assert (verify().count, verify().head) == (0, Link())


def test_many_rows_are_sealed_in_pieces(chain: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("catalog.operations.sealing.CHUNK", 2)
    monkeypatch.setattr("catalog.operations.verifying.CHUNK", 2)
    write(*"fghij")
    assert (seal(now=NOW) or chain).number == 10
    assert verify().count == 10


def third() -> Any:
    """Return the third link."""
    return Change.objects.filter(seal_number=3)


def swap_contents() -> None:
    """Let the second and third row say what the other does."""
    Change.objects.filter(seal_number=2).update(identifier="c")
    third().update(identifier="b")


def insert() -> None:
    """Put a row between others, and move those that follow."""
    for number in (5, 4, 3):
        Change.objects.filter(seal_number=number).update(seal_number=F("seal_number") + 1)
    copy = Change.objects.get(seal_number=2)
    copy.pk, copy.seal_number = None, 3
    copy.save()
    ChainEnd.objects.filter(pk="head").update(seal_number=6)


def append() -> None:
    """Put a row with a seal after the head."""
    copy = Change.objects.get(seal_number=5)
    copy.pk, copy.seal_number = None, 6
    copy.save()


def cut_the_head() -> None:
    """Remove the newest row, and say that the one before is the newest."""
    Change.objects.filter(seal_number=5).delete()
    digest = Change.objects.get(seal_number=4).digest
    ChainEnd.objects.filter(pk="head").update(seal_number=4, digest=digest)


def cut_the_start() -> None:
    """Remove the oldest row, and say that retention did."""
    digest = Change.objects.get(seal_number=1).digest
    Change.objects.filter(seal_number=1).delete()
    ChainEnd.objects.filter(pk="start").update(seal_number=1, digest=digest)


TAMPERING: list[tuple[Callable[[], Any], str]] = [
    (lambda: third().update(after={"size": 2}), "seal 3 .* was changed"),
    (lambda: third().update(actor="somebody"), "seal 3 .* was changed"),
    (lambda: third().update(at=F("at") + timedelta(seconds=1)), "seal 3 .* was changed"),
    (lambda: third().update(address="10.0.0.1"), "seal 3 .* was changed"),
    (lambda: third().update(request_id="x"), "seal 3 .* was changed"),
    (lambda: third().update(kind="entity", blueprint="x", called="y"), "seal 3 .* was changed"),
    (swap_contents, "seal 2 .* was changed"),
    (lambda: third().delete(), "seal 3 is missing"),
    (lambda: third().update(seal_number=None), "seal 3 is missing"),
    (lambda: Change.objects.filter(seal_number=5).delete(), "seal 5 is missing"),
    (insert, "head of the chain was changed"),
    (append, "seal 6 is beyond the head"),
    (cut_the_head, "head of the chain was changed"),
    (cut_the_start, "start of the chain was changed"),
    (lambda: ChainEnd.objects.all().delete(), "end of the chain is missing"),
    (lambda: third().update(digest="00000000:00"), "seal 3 .* a key that is not here"),
]


@pytest.mark.parametrize(("tamper", "message"), TAMPERING)
def test_what_was_touched_is_named(chain: Link, tamper: Callable[[], Any], message: str):
    tamper()
    with pytest.raises(Broken, match=message):
        verify()


@pytest.mark.parametrize("tamper", [cut_the_head, ChainEnd.objects.all().delete])
def test_nothing_is_sealed_after_a_head_that_somebody_moved(chain: Link, tamper: Callable):
    tamper()
    write("f")
    with pytest.raises(Broken, match="head of the chain"):
        seal(now=NOW)


def test_a_chain_that_is_broken_for_good_can_begin_anew(chain: Link):
    cut_the_head()
    restart(by=TESTER, now=NOW)
    write("f")
    seal(now=NOW)
    found = verify()
    assert (found.start.number, found.head.number, found.count) == (4, 6, 2)
    row = Change.objects.get(kind="audit")
    assert (row.actor, row.before) == ("tester", {"ends": {"start": 0, "head": 4}})


def test_who_lost_everything_is_caught_by_a_head_that_was_noted(chain: Link):
    Change.objects.all().delete()
    ChainEnd.objects.all().delete()
    write("a")
    seal(now=NOW)
    with pytest.raises(Broken, match="5 was noted: rows are missing"):
        verify(noted=chain)
    write(*"bcdfe")
    seal(now=NOW)
    with pytest.raises(Broken, match="seal 5 .* another than the head that was noted"):
        verify(noted=chain)


def test_a_head_that_was_noted_has_to_be_in_the_chain(chain: Link):
    write("f")
    seal(now=NOW)
    assert verify(noted=chain).count == 6
    with pytest.raises(Broken, match="another than the head that was noted"):
        verify(noted=Link(5, "another"))


def test_what_was_sealed_with_a_former_key_holds_while_that_is_kept(chain: Link, settings: Any):
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [former]
    write("f")
    seal(now=NOW)
    assert verify().count == 6
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Broken, match="SECRET_KEY_FALLBACKS"):
        verify()


def test_a_seal_cannot_be_made_without_the_key(chain: Link, settings: Any):
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "guessed" * 9
    restart(by=TESTER, now=NOW)
    settings.SECRET_KEY = former
    with pytest.raises(Broken, match="a key that is not here"):
        verify()


def test_renaming_a_blueprint_keeps_the_chain():
    service = make_blueprint("service")
    make_entity("pay")
    seal(now=NOW)
    service = rename_blueprint(blueprint=service, identifier="app", by=TESTER, now=NOW)
    # Found by its new name while the renaming is not sealed yet, and afterwards.
    assert Change.objects.filter(kind="entity", blueprint="app").exists()
    verify()
    rename_blueprint(blueprint=service, identifier="product", by=TESTER, now=NOW)
    seal(now=NOW)
    verify()


def test_a_row_shown_under_a_name_that_nothing_was_renamed_to_is_named():
    make_blueprint("service")
    make_entity("pay")
    seal(now=NOW)
    row = Change.objects.get(kind="entity", identifier="pay")
    Change.objects.filter(pk=row.pk).update(blueprint="other", called="service")
    with pytest.raises(Broken, match=f"seal {row.seal_number} is about 'service'.*'other'"):
        verify()


def test_the_oldest_rows_go_and_the_rest_still_holds(chain: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("catalog.operations.sealing.CHUNK", 2)
    write("f", days=10)
    write("g")
    seal(now=NOW)
    cutoff = NOW + timedelta(days=5)
    # What follows a younger row stays: the chain loses its end only.
    assert forget_old(before=cutoff, now=cutoff) == 5
    seal(now=NOW)
    assert rows() == [("f", 6), ("g", 7), ("retention", 8)]
    found = verify(noted=chain)
    assert (found.start, found.count) == (chain, 3)
    assert Change.objects.get(identifier="retention").before["rows"] == 5
    assert forget_old(before=cutoff, now=cutoff) == 0


def test_rows_that_are_not_sealed_are_kept_however_old():
    Change.objects.all().delete()
    write("a")
    assert forget_old(before=NOW + timedelta(days=1), now=NOW) == 0


def test_after_a_restart_what_is_older_goes_too(chain: Link):
    restart(by=TESTER, now=NOW + timedelta(days=9))
    seal(now=NOW)
    assert forget_old(before=NOW + timedelta(days=5), now=NOW) == 5
    assert (verify().start, verify().count) == (chain, 1)


def test_rows_removed_while_it_is_verified_are_not_missed(
    chain: Link, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("catalog.operations.verifying.CHUNK", 2)
    write("f", days=10)
    seal(now=NOW)

    def remove(_: int) -> None:
        forget_old(before=NOW + timedelta(days=5), now=NOW)

    found = verify(watch=remove)
    assert (found.head.number, found.count) == (6, 3)


@pytest.mark.parametrize(("days", "left"), [(0, 5), (36_500, 5), (1, 1)])
def test_the_daily_task_keeps_as_many_days_as_the_setting_says(
    chain: Link, settings: Any, days: int, left: int
):
    settings.TIDEMARK_KEEP_AUDIT_DAYS = days
    Change.objects.update(at=NOW - timedelta(days=3_000))
    tasks.forget_audit()
    assert Change.objects.count() == left


def test_the_task_seals():
    write("a")
    tasks.seal_audit()
    assert not Change.objects.unsealed().exists()


def test_the_command_verifies_and_names_the_head(chain: Link, capsys: pytest.CaptureFixture):
    write("f")
    call_command("audit", "--verify")
    told = capsys.readouterr().out
    assert "The audit log holds: 5 sealed rows." in told
    assert f"Its head is {chain.number} {chain.digest}" in told
    assert "Not sealed yet: 1 rows, the oldest of 2026-06-01 12:00:00 UTC." in told
    call_command("audit", "--seal")
    call_command("audit", "--verify", "--head", str(chain))
    assert "6 sealed rows" in capsys.readouterr().out


def test_the_command_fails_where_the_chain_does_not_hold(chain: Link):
    third().delete()
    with pytest.raises(CommandError, match="seal 3 is missing") as raised:
        call_command("audit", "--verify")
    assert raised.value.returncode == 1
    call_command("audit", "--restart")
    call_command("audit", "--seal")
    call_command("audit", "--verify")
