"""The pages of reports, alerts and reminders, and their previews."""

import pytest
from django.test import Client

from catalog.models import Change
from portal.integrations.models import Alert, Channel, Delivery, Reminder, Report
from scorecards.models import Scorecard
from tests.admin.pages import errors_of, fields_of
from tests.builders import make_user
from tests.channels.builders import make_channel

REPORTS = "/admin/integrations/report/"
ALERTS = "/admin/integrations/alert/"
REMINDERS = "/admin/integrations/reminder/"


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel(Channel.Kind.SLACK_WEBHOOK)


def make(admin: Client, base: str, channel: Channel, **parts: object) -> None:
    data = {
        **fields_of(admin.get(f"{base}add/")),
        "identifier": "n", "title": "Notice", "channel": channel.pk, **parts,
    }  # fmt: skip
    response = admin.post(f"{base}add/", data)
    assert response.status_code == 302, errors_of(response)


def test_a_report_is_made_changed_and_deleted(
    admin: Client, channel: Channel, scorecard: Scorecard
) -> None:
    make(admin, REPORTS, channel, at="09:00", every="week", weekday=4, scorecards=[scorecard.pk])
    report = Report.objects.get()
    assert (report.weekday, list(report.scorecards.all())) == (4, [scorecard])
    assert report.next_at is not None
    page = f"{REPORTS}{report.pk}/change/"
    data = {**fields_of(admin.get(page)), "time_zone": "Mars/Base"}
    assert set(errors_of(admin.post(page, data))) == {"time_zone"}
    assert admin.post(page, {**data, "time_zone": "Europe/Berlin"}).status_code == 302
    report.refresh_from_db()
    assert report.time_zone == "Europe/Berlin"
    admin.post(f"{REPORTS}{report.pk}/delete/", {"post": "yes"})
    actions = Change.objects.filter(kind="report").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["created", "updated", "deleted"]


def test_a_report_is_looked_at_before_it_is_sent(
    admin: Client, channel: Channel, scorecard: Scorecard
) -> None:
    make(admin, REPORTS, channel, at="09:00")
    report = Report.objects.get()
    shown = admin.get(f"{REPORTS}{report.pk}/preview/").content.decode()
    assert "Nothing has been sent." in shown
    assert "Gold 0, Silver 1, Bronze 1, Basic 1" in shown
    assert "&quot;type&quot;: &quot;section&quot;" in shown
    assert not Delivery.objects.exists()
    response = admin.post(f"{REPORTS}{report.pk}/send/")
    assert response["Location"] == (
        f"/admin/integrations/delivery/{Delivery.objects.get().pk}/change/"
    )
    shown = admin.get(f"{REPORTS}{report.pk}/change/").content.decode()
    everything = f"/admin/integrations/delivery/?channel__id__exact={channel.pk}&kind__exact=report"
    assert everything.replace("&", "&amp;") in shown
    listed = admin.get(everything).context["cl"].result_list
    assert [row.title for row in listed] == ["Notice"]


def test_an_alert_is_made_for_a_level(
    admin: Client, channel: Channel, scorecard: Scorecard
) -> None:
    bronze = scorecard.levels.get(title="Bronze")
    make(admin, ALERTS, channel, scorecard=scorecard.pk, level=bronze.pk)
    alert = Alert.objects.get()
    assert (alert.level, alert.since_change) == (bronze, alert.since_change)
    page = f"{ALERTS}{alert.pk}/change/"
    data = {**fields_of(admin.get(page)), "scorecard": ""}
    assert set(errors_of(admin.post(page, data))) == {"level"}
    assert "Nothing has been lost yet" in admin.get(f"{ALERTS}{alert.pk}/preview/").content.decode()


def test_a_reminder_takes_its_days_as_numbers_with_commas(admin: Client, channel: Channel) -> None:
    make(admin, REMINDERS, channel, days_before="10, 3,0")
    reminder = Reminder.objects.get()
    assert (reminder.days_before, reminder.is_weekly_when_late) == ([10, 3, 0], True)
    page = f"{REMINDERS}{reminder.pk}/change/"
    data = fields_of(admin.get(page))
    assert data["days_before"] == "10, 3, 0"
    assert set(errors_of(admin.post(page, {**data, "days_before": "soon"}))) == {"days_before"}
    shown = admin.get(f"{REMINDERS}{reminder.pk}/preview/").content.decode()
    assert "No campaign is under way" in shown


@pytest.mark.parametrize("base", [REPORTS, ALERTS, REMINDERS])
def test_what_is_not_there_is_not_found(admin: Client, base: str) -> None:
    assert admin.get(f"{base}7/preview/").status_code == 404
    assert admin.get(f"{base}x/preview/").status_code == 404


def test_nobody_but_editors_gets_here(
    admin: Client, client: Client, channel: Channel, scorecard: Scorecard
) -> None:
    make(admin, REPORTS, channel, at="09:00")
    report = Report.objects.get()
    client.force_login(make_user())
    assert client.get(f"{REPORTS}{report.pk}/preview/").status_code in (302, 403)
    assert client.post(f"{REPORTS}{report.pk}/send/").status_code in (302, 403)
    assert not Delivery.objects.exists()


def test_lists_cost_the_same_for_many(
    admin: Client, channel: Channel, scorecard: Scorecard, django_assert_max_num_queries
) -> None:
    for number in range(4):
        make(admin, REPORTS, make_channel(), at="09:00", identifier=f"r{number}")
        make(admin, ALERTS, make_channel(), identifier=f"a{number}")
        make(admin, REMINDERS, make_channel(), identifier=f"m{number}", days_before="1")
    for base in (REPORTS, ALERTS, REMINDERS):
        with django_assert_max_num_queries(7):
            assert admin.get(base).status_code == 200
