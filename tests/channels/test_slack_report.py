"""The report of the demo, as Slack gets it: the golden payload is data/slack_report.json.

Where the demo itself changes, the test leaves what it now sends beside it; whoever has read that
may put it in the place of the old one.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from portal.demo import LOADER, load_demo
from portal.integrations.channels.deliveries import deliver_one
from portal.integrations.models import Channel, Delivery, Report
from portal.integrations.notices.demo import make_demo_report
from portal.integrations.notices.reports import make_due_reports
from tests.builders import NOW
from tests.channels.slack_stub import faults_of, slack_stub

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent.parent / "data" / "slack_report.json"


def test_the_report_of_the_demo_arrives_at_slack_once_and_whole(tmp_path: Path) -> None:
    load_demo(now=NOW)
    report = make_demo_report(by=LOADER, now=NOW)
    again = make_demo_report(by=LOADER, now=NOW)
    assert again == report
    with slack_stub() as stub:
        Channel.objects.filter(pk=report.channel_id).update(is_enabled=True, address=stub.hook)
        # Now, where the demo has just been moving.
        Report.objects.filter(pk=report.pk).update(next_at=NOW)
        assert make_due_reports(now=NOW) == 1
        assert make_due_reports(now=NOW) == 0
        delivery = Delivery.objects.get()
        for moment in (NOW, NOW + timedelta(minutes=5)):
            deliver_one(delivery_id=delivery.pk, now=moment)
        [payload] = stub.messages
    assert list(faults_of(payload)) == []
    found = tmp_path / "slack_report.json"
    found.write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
    assert payload == json.loads(GOLDEN.read_text()), f"what was sent is in {found}"
