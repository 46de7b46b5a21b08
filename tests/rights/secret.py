"""A blueprint that a member may not read, and what names it wherever something can.

All that is hidden, and nothing else, has `MARKER` in its identifier or title.
"""

from collections.abc import Mapping

from django.utils import timezone

from catalog.models import Blueprint
from catalog.operations import delete_entities, set_permissions
from portal.dashboards.operations import save_page, save_view
from portal.integrations.actions.operations import find_action, save_action
from portal.integrations.actions.runs import start_run
from portal.models import User
from scorecards.models import Exemption, Outcome, Rule
from scorecards.operations import exempt
from tests.builders import (
    TESTER,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)

MARKER = "xylophone"
KIND, NAME, CARD = "xylophone-kind", "xylophone-store", "xylophone-card"
_COUNT = {"func": "count", "calculationBy": "entities"}
_ABOUT = {"property": "$blueprint", "operator": "=", "value": KIND}


def make_secret(people: Mapping[str, User]) -> dict[str, str]:
    """Make it beside the world of `world`, and return what of it addresses name."""
    make_blueprint(KIND, title="Xylophone kind")
    make_blueprint(
        relations={"store": {"target": KIND, "title": "Store"}},
        aggregation_properties={"stores": {"target": KIND, "calculationSpec": _COUNT}},
    )
    store = make_entity(
        NAME, blueprint=KIND, title="Xylophone store", team=["core"], properties={"tier": 3}
    )
    make_entity("cart", relations={"store": NAME})
    moderated = {"moderated_blueprints": ["service", KIND]}
    make_entity(people["moderator"].email, blueprint="_user", properties=moderated)
    rule = _grade()
    exempt(entity=store, rule=rule, reason="Xylophone", by=TESTER, now=timezone.now())
    report(NAME, "said", "FAIL", blueprint=KIND, scorecard="mixed")
    # Levels move, entities go.
    make_entity(NAME, blueprint=KIND, properties={"tier": 1})
    gone = make_entity("xylophone-gone", blueprint=KIND, title="Xylophone gone", team=["core"])
    delete_entities(entities=[gone], by=TESTER, now=timezone.now())
    _page()
    run = _act()
    kind = Blueprint.objects.get(identifier=KIND)
    save_view(
        blueprint=kind,
        title="Xylophone view",
        query="",
        is_shared=True,
        owner_id=people["admin"].pk,
        by=TESTER,
        now=timezone.now(),
    )
    _close(kind)
    return {
        "blueprint": KIND,
        "entity": NAME,
        "identifier": NAME,
        "scorecard": CARD,
        "campaign": "drive",
        "page": KIND,
        "action": "xylophone-deploy",
        "run": run,
        "service": str(kind.pk),
        "cart": str(store.pk),
        "rule": str(Rule.objects.get(identifier="xylophone").pk),
        "pk": str(Rule.objects.get(identifier="xylophone").pk),
        "outcome": str(Outcome.objects.get(entity=store).pk),
        "exemption": str(Exemption.objects.get(entity=store).pk),
    }


def _grade() -> Rule:
    """Grade it alone, and with what is open; return a rule of both."""
    make_scorecard(CARD, blueprints=[KIND], rules=[rule_document("xylophone")])
    linked = rule_document("linked", query=condition("relation#store", "isNotEmpty"))
    left_out = rule_document("left_out", filter=condition("relation#store", "isEmpty"))
    mixed = [rule_document("tiered"), linked, left_out, rule_document("said", query=None)]
    make_scorecard("mixed", blueprints=["service", KIND], rules=mixed)
    make_campaign("drive", title="Drive", rules=[f"{CARD}/xylophone", "mixed/tiered"])
    return Rule.objects.get(scorecard__identifier="mixed", identifier="tiered")


def _page() -> None:
    """Make a page with widgets about it, of which one says so deep inside."""
    inner = {"type": "entity-info", "blueprint": KIND, "entity": NAME}
    widgets = [
        {
            "id": "a",
            "type": "table-entities-explorer",
            "title": "T",
            "dataset": {"rules": [_ABOUT]},
        },
        {"id": "b", "type": "grouper", "groups": [{"title": "G", "widgets": [inner]}]},
    ]
    columns = [{"id": widget["id"], "size": 6} for widget in widgets]
    root = {
        "id": "root",
        "type": "dashboard-widget",
        "layout": [{"height": 400, "columns": columns}],
        "widgets": widgets,
    }
    document = {
        "identifier": "mixed-board",
        "title": "Mixed board",
        "type": "dashboard",
        "after": KIND,
        "widgets": [root],
        "page_filters": [{"identifier": "f", "title": "F", "query": {"rules": [_ABOUT]}}],
    }
    save_page(document=document, by=TESTER, now=timezone.now())


def _act() -> str:
    """Make actions about it, and one of services that takes one; return a run."""
    runs = []
    for name, blueprint, of in (("xylophone-deploy", KIND, "service"), ("open", "service", KIND)):
        inputs = {"where": {"type": "string", "format": "entity", "blueprint": of}}
        document = {
            "identifier": name,
            "trigger": {
                "type": "self-service",
                "operation": "CREATE",
                "blueprintIdentifier": blueprint,
                "userInputs": {"properties": inputs, "required": []},
            },
            "invocationMethod": {"type": "KAFKA", "payload": {}},
        }
        save_action(document=document, by=TESTER, now=timezone.now())
        run = start_run(
            action=find_action(name),
            properties={"where": NAME},
            entity=None,
            by=TESTER,
            now=timezone.now(),
        )
        runs.append(run.identifier)
    return runs[0]


def _close(kind: Blueprint) -> None:
    """Have only admins read it; and name its moderators where others are told who may."""
    now = timezone.now()
    change = {"entities": {"read": {"roles": ["Admin"]}}}
    set_permissions(blueprint=kind, change=change, by=TESTER, now=now)
    service = Blueprint.objects.get(identifier="service")
    change = {"entities": {"update": {"roles": ["Admin", f"{KIND}-moderator"]}}}
    set_permissions(blueprint=service, change=change, by=TESTER, now=now)
