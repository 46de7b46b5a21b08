"""What is there to be asked about, and bodies that would write if they were let."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone

from catalog.models import Entity
from portal.dashboards.operations import save_page
from portal.models import ApiToken, User
from scorecards.models import Exemption, Outcome, Rule
from scorecards.operations import exempt
from tests.builders import (
    TESTER,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)

_QUERY = {"combinator": "and", "conditions": [{"property": "tier", "operator": "=", "value": 1}]}
_CARD = {
    "identifier": "fresh",
    "title": "Fresh",
    "levels": [{"title": "Basic", "color": "red"}, {"title": "Gold", "color": "gold"}],
    "rules": [{"identifier": "one", "title": "One", "level": "Gold", "query": _QUERY}],
}
_API_CARD = {**_CARD, "identifier": "quality", "blueprints": ["service"]}
_REPORT = {"scorecard": "quality", "rule": "told", "blueprint": "service", "entity": "cart"}
_NEW = {"identifier": "fresh", "team": ["core"], "properties": {"tier": 1}}
_DATADOG_RULE = {
    "data": {"type": "rule", "attributes": {"name": "New rule", "scorecard_name": "Quality"}}
}
_V1 = "v1/blueprints/<segment:blueprint>"
_DERIVED = "v1/blueprints/<derived:blueprint>"
# What is sent by writes whose door only opens when it is known what is to be written.
BODIES: Mapping[tuple[str, str], Any] = {
    ("post", "api/^entities/$"): {"blueprint": "service", **_NEW},
    ("post", "api/^entities/bulk/$"): {"blueprint": "service", "entities": [_NEW]},
    ("put", "api/^entities/(?P<blueprint>[^/]+)/(?P<identifier>.+)/$"): {
        "title": "Changed",
        "team": ["core"],
    },
    ("patch", "api/^entities/(?P<blueprint>[^/]+)/(?P<identifier>.+)/$"): {"title": "Changed"},
    ("post", "api/^scorecards/$"): {**_CARD, "blueprints": ["service"]},
    ("put", "api/^scorecards/(?P<identifier>.+)/$"): _API_CARD,
    ("patch", "api/^scorecards/(?P<identifier>.+)/$"): {"title": "Changed"},
    ("post", "api/^rules/$"): {"scorecard": "quality", **rule_document("fresh")},
    ("put", "api/^rules/(?P<pk>[0-9]{1,18})/$"): rule_document("tiered", title="Changed"),
    ("patch", "api/^rules/(?P<pk>[0-9]{1,18})/$"): {"title": "Changed"},
    ("post", "api/^outcomes/$"): {**_REPORT, "state": "FAIL"},
    ("post", "api/^exemptions/$"): {**_REPORT, "reason": "Known"},
    ("post", f"{_V1}/entities"): _NEW,
    ("post", f"{_V1}/entities/bulk"): {"entities": [_NEW]},
    ("put", f"{_V1}/entities/<segment:entity>"): {"title": "Changed", "team": ["core"]},
    ("patch", f"{_V1}/entities/<segment:entity>"): {"title": "Changed"},
    # The address is that of other entities too, of which the sample is one.
    ("post", f"{_DERIVED}/entities"): _NEW,
    ("put", f"{_DERIVED}/entities/<segment:entity>"): {"title": "Changed", "team": ["core"]},
    ("patch", f"{_DERIVED}/entities/<segment:entity>"): {"title": "Changed"},
    ("post", f"{_V1}/bulk/entities/delete"): {"entities": ["cart"]},
    ("post", f"{_V1}/scorecards"): _CARD,
    ("put", f"{_V1}/scorecards"): [_CARD],
    ("put", f"{_V1}/scorecards/<segment:scorecard>"): {**_CARD, "identifier": "quality"},
    ("post", "api/v2/scorecard/rules"): _DATADOG_RULE,
    ("put", "api/v2/scorecard/rules/<segment:rule>"): _DATADOG_RULE,
}


# What is asked for beside the path.
QUERIES = {
    "admin/autocomplete/": "?app_label=scorecards&model_name=outcome&field_name=entity&term=a",
}


def form_of(pattern: str, samples: Mapping[str, str]) -> dict[str, str]:
    """Return what a form of the pages sends that names rows; empty for the others."""
    if pattern != "exemptions/":
        return {}
    return {"entity": samples["cart"], "rule": samples["rule"], "reason": "Known"}


def make_world(people: Mapping[str, User]) -> dict[str, str]:
    """Make one of everything that addresses name, and return the arguments by name."""
    make_blueprint()
    told = rule_document("told", query=None, level="Gold")
    make_scorecard(rules=[rule_document("tiered"), rule_document("spoken"), told])
    make_campaign()
    cart = make_entity("cart", team=["core"], properties={"tier": 3, "language": "Go"})
    rule = Rule.objects.get(identifier="tiered")
    exempt(entity=cart, rule=rule, reason="Known", by=TESTER, now=timezone.now())
    report("cart", "told", "PASS")
    board = {"identifier": "board", "title": "Board", "type": "dashboard", "widgets": []}
    save_page(document=board, by=TESTER, now=timezone.now())
    token, _ = ApiToken.objects.create(user=people["admin"], expiry=timedelta(days=1))
    return samples_for(
        cart,
        rule=rule,
        token=token,
        user=people["viewer"],
        team="core",
        scorecard="quality",
        campaign="push",
        board="board",
        key="tier",
    )


def samples_for(
    entity: Entity, *, rule: Rule, token: ApiToken, user: User, key: str, **names: str
) -> dict[str, str]:
    """Return the arguments of addresses by name, of a site with one outcome and one exemption."""
    return {
        "blueprint": entity.blueprint.identifier,
        "entity": entity.identifier,
        "cart": str(entity.pk),
        "service": str(entity.blueprint_id),
        "identifier": entity.identifier,
        "user": user.email,
        "key": key,
        "rule": str(rule.pk),
        "pk": str(rule.pk),
        "outcome": str(Outcome.objects.get().pk),
        "exemption": str(Exemption.objects.get().pk),
        "token": token.token_key,
        "form": "csv",
        "aggregation": "entity",
        "app_label": "catalog",
        "content_type_id": "1",
        "id": str(user.pk),
        "item": key,
        **dict.fromkeys(_NAMELESS, "nothing"),
        **names,
    }


# Arguments of addresses that are for admins whatever there is, or answer 404 to who gets in.
_NAMELESS = (
    "action", "batch", "client_id", "event", "folder", "id_", "integration", "kind", "migration",
    "name", "page", "rest", "uidb64", "url", "webhook", "widget",
)  # fmt: skip


def samples_of(pattern: str, samples: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments that mean something else at this route."""
    if pattern.startswith("admin/") and "<path:object_id>" in pattern:
        app, name = pattern.split("/")[1:3]
        return {"object_id": _object_id(app, name, samples)} if app != "r" else {"object_id": "1"}
    for name in ("exemption", "outcome"):
        if pattern.startswith(f"api/^{name}s/"):
            return {"pk": samples[name]}
    found = [name for start, name in _ELSEWHERE.items() if pattern.startswith(start)]
    return {"identifier": samples[found[-1]]} if found else {}


def _object_id(app: str, name: str, samples: Mapping[str, str]) -> str:
    """Return the key of a row, as the admin addresses it; 1 where there is none."""
    if name == "apitoken":
        return samples["token"]
    if (app, name) == ("catalog", "entity"):
        return samples["cart"]
    if name == "blueprint":
        return samples["service"]
    row = apps.get_model(app, name).objects.order_by("pk").first()
    return str(row.pk) if row else "1"


# Of what the argument `identifier` is the name, where that is no entity.
_ELSEWHERE: Mapping[str, str] = {
    "api/^blueprints": "blueprint",
    "api/^teams": "team",
    "api/^scorecards": "scorecard",
    "api/^campaigns": "campaign",
    "dashboards/": "board",
    "scorecards/": "scorecard",
    "charts/scorecards": "scorecard",
    "campaigns/": "campaign",
    "charts/boards": "board",
    "folders/": "folder",
    "v1/actions/<": "action",
    "v1/webhooks/": "webhook",
}
