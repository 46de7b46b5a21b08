"""The demo's campaign, made in the middle of the replay so that its burn-up has a past."""

from datetime import datetime, timedelta

from portal.permissions import Actor
from scorecards.models import Campaign
from scorecards.operations import save_campaign

# How long before the end of the replay it begins, and how long after that it is due.
BEGAN = timedelta(weeks=9)
LASTS = timedelta(weeks=15)
GUIDANCE = """\
A change that waits is paid for twice: in conflicts, and by whoever needed it last week. By the end
of this campaign every change should reach production **within a week**.

1. Look at your service: its *lead time* shows which changes waited, and how long.
2. Ask for smaller pull requests, and review them on the day on which they come.
3. Release what is on the default branch by a pipeline that a tag starts, so that one more release
   costs nothing.

Stuck? See how [those at Gold](/scorecards/dora_lead_time/?level=Gold) do it, and ask them.
"""


def make_demo_campaign(*, by: Actor, now: datetime) -> Campaign:
    """Make the demo's campaign, beginning now; its rules are those of the pack `dora`.

    To be called once in the replay, before the sweep of the week that is `BEGAN` before its end.
    """
    return save_campaign(
        definition={
            "identifier": "within_a_week",
            "title": "In production within a week",
            "description": "No change waits longer than a week for the people it was made for.",
            "guidance": GUIDANCE,
            "owner": "unfoldadmin",
            "rules": [
                "dora_lead_time/svc_lt_medium",
                "dora_lead_time/svc_lt_high",
            ],
            "filter": None,
            "starts_at": now.isoformat(),
            "due_at": (now + LASTS).isoformat(),
        },
        by=by,
        now=now,
    )
