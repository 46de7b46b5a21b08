"""Reports: what they say, and that each is made once."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from catalog.errors import Conflict, Invalid
from catalog.models import Change
from portal.integrations.messages import Items, Message, plain
from portal.integrations.models import Channel, Delivery, Report
from portal.integrations.notices.definitions import ReportDefinition
from portal.integrations.notices.operations import delete_notice, save_report
from portal.integrations.notices.report_messages import percent
from portal.integrations.notices.reports import (
    make_due_reports,
    message_of_report,
    send_report_now,
)
from scorecards.models import Scorecard
from scorecards.operations import delete_scorecard, sweep
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)
from tests.channels.builders import make_channel

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def make_report(report: Report | None = None, *, now: datetime = NOW, **parts: Any) -> Report:
    values = {"identifier": "weekly", "title": "Weekly", "at": time(9), **parts}
    values.setdefault("channel", Channel.objects.first() or make_channel())
    return save_report(definition=ReportDefinition(**values), report=report, by=TESTER, now=now)


@pytest.fixture
def catalog() -> None:
    """Make services of two teams that a scorecard puts at several levels."""
    make_blueprint()
    make_team("core", title="Core")
    make_team("edge", title="Edge")
    make_scorecard()
    make_entity("shop", title="Shop", team=["core"], properties={"tier": 1, "language": "Go"})
    make_entity("cart", title="Cart", team=["core"], properties={"tier": 2})
    make_entity("mail", title="Mail", team=["edge"], properties={"tier": 3})


def text_of(report: Report, now: datetime = NOW) -> str:
    return plain.as_text(message_of_report(report, now=now)[0])


def section(message: Message, title: str) -> list[tuple[str, str]]:
    """Return the lines under a heading: their texts and their notes."""
    blocks = iter(message.blocks)
    for block in blocks:
        if getattr(block, "text", "").startswith(title):
            items = next(blocks)
            assert isinstance(items, Items)
            return [(item.text, item.note) for item in items.items]
    return []


@pytest.mark.usefixtures("catalog")
def test_the_first_report_says_how_things_stand() -> None:
    message, _ = message_of_report(make_report(), now=NOW)
    assert message.title == "Weekly"
    assert section(message, "Levels") == [
        ("Quality", "Gold 1, Silver 0, Bronze 1, Basic 1; 44% of checks pass")
    ]
    assert section(message, "Lowest rules") == [
        ("Spoken", "33% pass, 2 to fix, in Quality"),
        ("Top", "33% pass, 2 to fix, in Quality"),
        ("Tiered", "67% pass, 1 to fix, in Quality"),
    ]
    assert section(message, "Top teams") == [
        ("Core", "67% of checks pass"),
        ("Edge", "0% of checks pass"),
    ]
    assert section(message, "Most improved") == []
    assert "All teams: 44% of all checks pass." in plain.as_text(message)


@pytest.mark.usefixtures("catalog")
def test_the_next_report_says_what_changed() -> None:
    report = make_report()
    assert make_due_reports(now=NOW + WEEK) == 1
    report.refresh_from_db()
    later = NOW + WEEK + timedelta(days=1)
    make_entity("mail", properties={"tier": 1, "language": "C"}, now=later)
    make_entity("shop", properties={"tier": 4, "language": "Go"}, now=later)
    message, _ = message_of_report(report, now=later + WEEK)
    assert section(message, "Levels") == [
        ("Quality", "Gold 1, Silver 0, Bronze 1, Basic 1; 56% of checks pass")
    ]
    assert section(message, "Moved up: 1") == [("Mail", "Basic → Gold in Quality")]
    assert section(message, "Moved down: 1") == [("Shop", "Gold → Basic in Quality")]
    assert section(message, "Most improved") == [("Edge", "100% of checks pass, up 100 points")]
    assert "56% of all checks pass, up 11 points" in plain.as_text(message)


@pytest.mark.usefixtures("catalog")
def test_counts_tell_how_they_differ_from_the_last_report() -> None:
    report = make_report()
    make_due_reports(now=NOW + WEEK)
    report.refresh_from_db()
    make_entity("cart", properties={"tier": 1, "language": "C"}, now=NOW + WEEK)
    message, _ = message_of_report(report, now=NOW + 2 * WEEK)
    assert section(message, "Levels")[0][1].startswith("Gold 2 (+1), Silver 0, Bronze 0 (-1), Ba")


@pytest.mark.usefixtures("catalog")
def test_a_first_report_compares_with_the_days_on_record() -> None:
    sweep(now=NOW - timedelta(days=3))
    make_entity("cart", properties={"tier": 1, "language": "C"})
    message, _ = message_of_report(make_report(), now=NOW)
    assert section(message, "Levels")[0][1].startswith("Gold 2 (+1), Silver 0, Bronze 0 (-1)")
    assert section(message, "Most improved") == [("Core", "100% of checks pass, up 33 points")]


@pytest.mark.usefixtures("catalog")
def test_several_moves_of_an_entity_are_one_and_none_if_it_came_back() -> None:
    report = make_report()
    for tier, hours in ((3, 1), (2, 2), (4, 3)):
        make_entity("cart", properties={"tier": tier}, now=NOW + timedelta(hours=hours))
    for tier, hours in ((9, 1), (1, 2)):
        make_entity("shop", properties={"tier": tier}, now=NOW + timedelta(hours=hours))
    message, _ = message_of_report(report, now=NOW + timedelta(days=1))
    assert section(message, "Moved down: 1") == [("Cart", "Bronze → Basic in Quality")]
    assert section(message, "Moved up") == []


@pytest.mark.usefixtures("catalog")
def test_a_report_of_a_team_is_about_what_it_owns() -> None:
    from catalog.models import Entity

    team = Entity.objects.get(blueprint__identifier="_team", identifier="edge")
    report = make_report(team=team)
    make_entity("mail", properties={"tier": 1}, now=NOW + timedelta(hours=1))
    make_entity("cart", properties={"tier": 9}, now=NOW + timedelta(hours=1))
    message, _ = message_of_report(report, now=NOW + timedelta(days=1))
    assert section(message, "Levels")[0][1].startswith("Gold 0, Silver 0, Bronze 1, Basic 0;")
    assert section(message, "Moved up: 1") == [("Mail", "Basic → Bronze in Quality")]
    assert section(message, "Moved down") == []
    assert section(message, "Top teams") == []
    words = plain.as_text(message)
    assert "Edge: 67% of all checks pass." in words
    assert "Open the team: https://t.example/teams/edge/" in words


@pytest.mark.usefixtures("catalog")
def test_a_report_may_be_about_some_scorecards() -> None:
    make_scorecard("other")
    assert len(section(message_of_report(make_report(), now=NOW)[0], "Levels")) == 2
    chosen = (Scorecard.objects.get(identifier="other"),)
    report = make_report(Report.objects.get(), scorecards=chosen)
    assert [name for name, _ in section(message_of_report(report, now=NOW)[0], "Levels")] == [
        "Other"
    ]


def test_a_report_on_nothing_says_so() -> None:
    assert "no published scorecard" in text_of(make_report())
    make_blueprint()
    make_scorecard()
    assert "nothing is graded yet" in text_of(Report.objects.get())


@pytest.mark.usefixtures("catalog")
def test_without_an_address_of_the_site_there_are_no_links(settings: Any) -> None:
    report = make_report()
    assert "https://t.example/scorecards/quality/" in text_of(report)
    settings.TIDEMARK_URL = ""
    assert "http" not in text_of(report)


def test_a_report_is_made_once_when_it_is_due_and_once_for_all_that_were_missed() -> None:
    report = make_report()
    assert report.next_at == datetime(2026, 6, 8, 9, tzinfo=NOW.tzinfo)
    assert make_due_reports(now=report.next_at - timedelta(seconds=1)) == 0
    assert make_due_reports(now=report.next_at) == 1
    assert make_due_reports(now=report.next_at) == 0
    assert make_due_reports(now=report.next_at + 5 * WEEK) == 1
    assert Delivery.objects.count() == 2
    report.refresh_from_db()
    assert report.next_at == datetime(2026, 7, 20, 9, tzinfo=NOW.tzinfo)


def test_two_workers_make_one_report() -> None:
    from portal.integrations.notices.reports import _make

    report = make_report()
    rows = [Report.objects.select_related("channel", "team").get() for _ in range(2)]
    assert [_make(row, report.next_at) for row in rows] == [True, False]
    assert Delivery.objects.count() == 1


def test_a_report_to_a_channel_that_is_not_enabled_is_passed_over() -> None:
    report = make_report(channel=make_channel(is_enabled=False))
    assert make_due_reports(now=NOW + WEEK) == 0
    before, next_at = report.next_at, Report.objects.get().next_at
    assert next_at > before
    assert not Delivery.objects.exists()


def test_a_report_sent_beside_its_schedule_changes_nothing_of_it() -> None:
    report = make_report()
    assert send_report_now(report=report, now=NOW) is not None
    assert send_report_now(report=report, now=NOW) is not None
    same = Report.objects.get()
    assert (same.next_at, same.last_at, same.figures) == (report.next_at, None, None)


@pytest.mark.usefixtures("catalog")
def test_a_report_on_something_else_compares_with_nothing() -> None:
    report = make_report()
    make_due_reports(now=NOW + WEEK)
    report.refresh_from_db()
    assert report.figures is not None
    same = make_report(report, title="Other", now=NOW + WEEK)
    assert same.figures is not None
    other = make_report(report, scorecards=tuple(Scorecard.objects.all()), now=NOW + WEEK)
    assert (other.figures, other.last_at) == (None, None)


def test_what_does_not_fit_is_refused() -> None:
    make_blueprint()
    service = make_entity("shop")
    with pytest.raises(Invalid) as caught:
        make_report(title=" ", every="year", weekday=7, month_day=0, time_zone="Mars", team=service)
    assert {fault.path for fault in caught.value.faults} == {
        "title", "every", "weekday", "month_day", "time_zone", "team",
    }  # fmt: skip
    make_report()
    with pytest.raises(Conflict):
        make_report()


def test_reports_leave_their_history() -> None:
    report = make_report()
    count = Change.objects.filter(kind="report").count()
    make_report(report)
    assert Change.objects.filter(kind="report").count() == count == 1
    make_report(report, every="day")
    delete_notice(notice=report, by=TESTER, now=NOW)
    actions = Change.objects.filter(kind="report").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["created", "updated", "deleted"]


@pytest.mark.usefixtures("catalog")
def test_a_report_costs_the_same_for_many_entities(django_assert_max_num_queries: Any) -> None:
    report = make_report()
    for number in range(20):
        make_entity(f"e{number}", team=["core"], properties={"tier": number % 4})
    with django_assert_max_num_queries(14):
        message_of_report(report, now=NOW + timedelta(days=1))


@pytest.mark.usefixtures("catalog")
def test_a_scorecard_that_is_gone_is_not_compared() -> None:
    make_scorecard("other")
    report = make_report()
    make_due_reports(now=NOW + WEEK)
    delete_scorecard(scorecard=Scorecard.objects.get(identifier="other"), by=TESTER, now=NOW)
    report.refresh_from_db()
    assert len(section(message_of_report(report, now=NOW + WEEK)[0], "Levels")) == 1


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (0.001, "1%"), (0.5, "50%"), (0.996, "99%"), (1, "100%")]
)
def test_percents_are_never_all_or_nothing_by_rounding(share: float, words: str) -> None:
    assert percent(share) == words
