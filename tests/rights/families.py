"""What is expected at which door: one family for each route, and for each family who gets in.

A caller gets in where the answer is no refusal: 401, 403 or a redirect to the login. What is
answered then (a page, 404 for an unknown address, 422 for a body without sense) is for the tests
of that door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VIEWER, OWNER, OTHER = "viewer", "member of the team", "member of another"
MODERATOR, ADMIN = "moderator", "admin"
NOBODY: frozenset[str] = frozenset()
ADMINS = frozenset({ADMIN, "write token"})
ADMIN_READERS = ADMINS | {"read token"}
MODERATORS = ADMINS | {MODERATOR}
OWNERS = MODERATORS | {OWNER}
WRITERS = OWNERS | {OTHER}
READERS = WRITERS | {VIEWER, "read token"}
PEOPLE = READERS - {"read token"}
EVERYBODY = READERS | {"anonymous", "expired token"}


@dataclass(frozen=True)
class Family:
    """Who gets in, by method; `write` is for all methods but GET that are not named."""

    read: frozenset[str]
    write: frozenset[str]
    delete: frozenset[str] | None = None
    post: frozenset[str] | None = None

    def allowed(self, method: str) -> frozenset[str]:
        """Return who gets in by this method."""
        if method == "get":
            return self.read
        named = {"delete": self.delete, "post": self.post}.get(method)
        return self.write if named is None else named


FAMILIES = {
    "public": Family(EVERYBODY, EVERYBODY),
    "read": Family(READERS, READERS),
    "own things": Family(READERS, PEOPLE),
    "entity write": Family(READERS, OWNERS, delete=MODERATORS),
    # Without a body that names something, whoever may write something gets as far as that.
    "asked of objects": Family(READERS, WRITERS),
    "asked of objects, search": Family(READERS, WRITERS, post=READERS),
    "own account": Family(PEOPLE, PEOPLE),
    "own work": Family(WRITERS, WRITERS),
    "changes of rows": Family(READERS, WRITERS),
    "secrets": Family(ADMINS, ADMINS),
    "leaving": Family(WRITERS | {"anonymous"}, WRITERS | {"anonymous"}),
    "entity deletion": Family(MODERATORS, MODERATORS),
    "moderators": Family(READERS, MODERATORS),
    "scorecard write": Family(READERS, MODERATORS),
    "admin-only write": Family(READERS, ADMINS),
    "admins": Family(ADMIN_READERS, ADMINS),
    "workshop": Family(WRITERS, WRITERS),
    "workshop, entity": Family(WRITERS, OWNERS),
    "workshop, moderated": Family(MODERATORS, MODERATORS),
    "workshop, moderated, to read": Family(MODERATORS, NOBODY),
    "workshop, admins": Family(ADMINS, ADMINS),
    "workshop, to read": Family(ADMINS, NOBODY),
    "closed": Family(NOBODY, NOBODY),
}

# Models of the admin: who looks at their pages, and what there is to do: add, change, delete.
MODELS: Mapping[str, tuple[frozenset[str], str]] = {
    "portal/user": (ADMINS, "acd"),
    "portal/apitoken": (ADMINS, "ad"),
    "django_celery_results/taskresult": (ADMINS, ""),
    "catalog/blueprint": (ADMINS, "acd"),
    "catalog/entity": (WRITERS, "acd"),
    "catalog/change": (ADMINS, ""),
    "catalog/deleted": (ADMINS, ""),
    "catalog/retention": (ADMINS, "acd"),
    "scorecards/exemption": (MODERATORS, ""),
    "scorecards/outcome": (ADMINS, "acd"),
    "scorecards/pastoutcome": (ADMINS, ""),
    "scorecards/outcomebatch": (ADMINS, ""),
    "scorecards/campaign": (ADMINS, "acd"),
    "scorecards/installedpack": (ADMINS, "c"),
    "scorecards/scorecard": (MODERATORS, "acd"),
    "scorecards/rule": (MODERATORS, ""),
    "scorecards/evaluation": (ADMINS, ""),
    "scorecards/levelchange": (ADMINS, ""),
    "scorecards/rulechange": (ADMINS, ""),
    "dashboards/tableview": (ADMINS, "d"),
    "integrations/aiactivity": (ADMINS, ""),
    "integrations/channel": (ADMINS, "acd"),
    "integrations/delivery": (ADMINS, ""),
    "integrations/apicredential": (ADMINS, "acd"),
    "integrations/datamigration": (ADMINS, ""),
    "integrations/integration": (ADMINS, "d"),
    "integrations/report": (ADMINS, "acd"),
    "integrations/alert": (ADMINS, "acd"),
    "integrations/reminder": (ADMINS, "acd"),
    "integrations/webhook": (ADMINS, "acd"),
    "integrations/webhookevent": (ADMINS, ""),
}
_LOOKING = {ADMINS: "workshop, admins", MODERATORS: "workshop, moderated", WRITERS: "workshop"}
_TO_READ = {ADMINS: "workshop, to read", MODERATORS: "workshop, moderated, to read"}


def _of_models() -> Iterator[tuple[str, str]]:
    """Yield the routes of the pages that every model of the admin has, with their families."""
    for model, (audience, acts) in MODELS.items():
        looking = _LOOKING[audience]
        one = f"admin/{model}/<path:object_id>/"
        yield f"admin/{model}/", looking
        yield one, "workshop"
        yield f"admin/{model}/add/", looking if "a" in acts else "closed"
        yield f"{one}change/", looking if "c" in acts else _TO_READ[audience]
        yield f"{one}delete/", looking if "d" in acts else "closed"
        yield f"{one}history/", "workshop, admins"


# The routes by family; those of the models of the admin come from `MODELS`.
ROUTES: Mapping[str, tuple[str, ...]] = {
    "asked of objects": (
        "api/v2/catalog/entity",
        "api/v2/catalog/entity/<rest:entity>",
        "api/v2/services/definitions",
        "api/v2/services/definitions/<rest:name>",
        "api/v2/dora/deployment",
        "api/v2/dora/deployment/<segment:id_>",
        "api/v2/dora/deployments/<segment:id_>",
        "api/v2/dora/failure",
        "api/v2/dora/incident",
        "api/v2/dora/failure/<segment:id_>",
        "api/v2/dora/failures/<segment:id_>",
        "api/v2/scorecard/outcomes",
        "api/v2/scorecard/outcomes/batch",
        "api/v2/scorecard/rules/<segment:rule>",
        "v1/blueprints/<derived:blueprint>/entities/bulk",
        "v1/blueprints/<segment:blueprint>/entities/bulk",
        "api/^deleted/$",
        "api/^deleted/(?P<pk>\\d{1,18})/$",
        "api/^deleted/(?P<pk>\\d{1,18})/restore/$",
    ),
    "asked of objects, search": (
        "v1/blueprints/<derived:blueprint>/entities/search",
        "v1/blueprints/<segment:blueprint>/entities/search",
        "api/v2/dora/deployments",
    ),
    "own work": (
        "new-dashboard/",
        "dashboards/<names:identifier>/copy/",
        "undo/<slug:batch>/",
    ),
    "own account": (
        "account/password/",
        "account/password/done/",
        "account/confirm/",
        "account/code/",
        "account/confirm/code/",
        "account/factor/",
        "account/factor/set-up/",
        "account/factor/remove/",
        "account/factor/codes/",
        "account/factor/codes/new/",
    ),
    "closed": (
        "account/login/",
        "account/inactive/",
        "account/cancelled/",
    ),
    "changes of rows": ("bulk/<name:blueprint>/",),
    "secrets": ("v1/actions/<segment:identifier>/signing-secret",),
    "public": (
        "account/reset/",
        "account/reset/sent/",
        "account/reset/<uidb64>/<token>/",
        "oidc/login/",
        "oidc/callback/",
        "admin/password_change/",
        "healthz",
        "readyz",
        "login/",
        "v1/auth/access_token",
        "v1/ingest/webhooks/<str:key>",
    ),
    "read": (
        "api/^me/$",
        "v1/kafka-credentials",
        "api/v2/dora/failures",
        "api/v2/catalog/entity/preview",
        "metrics",
        "logout/",
        "api/schema/",
        "api/docs/",
        "api/v1/validate",
        "api/v2/validate",
        "api/v2/validate_keys",
        "api/v2/catalog/relation",
        "api/v2/scorecard/scores/<segment:aggregation>",
        "api/v2/scorecard/scorecards",
        "api/^v[12](?:/|\\Z)",
        "api/^teams/$",
        "api/^teams/(?P<identifier>.+)/$",
        "api/^evaluations/$",
        "api/^rule-results/$",
        "api/^outcome-batches/$",
        "api/^outcome-batches/(?P<pk>[0-9]{1,18})/$",
        "api/^past-outcomes/$",
        "api/^scores/(?P<aggregation>entity|rule|scorecard|team|kind)/$",
        "api/^level-changes/$",
        "api/",
        "^api/(?:.*/)?$",
        "v1/auth/permissions",
        "v1/entities/search",
        "v1/entities/aggregate",
        "v1/entities/aggregate-over-time",
        "v1/entities/properties-history",
        "v1/blueprints/entities/datasource-entities",
        "v1/blueprints/system/<segment:blueprint>/structure",
        "v1/blueprints/<segment:blueprint>/entities-count",
        "v1/blueprints/<segment:blueprint>/permissions/simulate",
        "v1/ingest/lake",
        "v1/ingest/lake/<path:rest>",
        "v1/sidebars/catalog",
        "v1/actions/runs",
        "v1/actions/runs/<segment:identifier>/approvers",
        "v1/workflows/runs/ack",
        "v1/workflows/nodes/runs",
        "v1/workflows/nodes/runs/<segment:identifier>",
        "v1/workflows/nodes/runs/<segment:identifier>/logs",
        "v1/",
        "",
        "catalog/<name:blueprint>/",
        "catalog/<name:blueprint>/<names:identifier>/",
        "exports/<name:blueprint>.<slug:form>",
        "teams/",
        "teams/<names:team>/",
        "numbers/<name:blueprint>/<name:key>/<names:identifier>/",
        "scorecards/",
        "scorecards/<name:identifier>/",
        "dashboards/",
        "badges/<name:blueprint>/<name:identifier>/<name:scorecard>.svg",
        "badges/<name:blueprint>/<name:identifier>/",
        "charts/numbers/<name:blueprint>/<name:key>/<name:identifier>.svg",
        "charts/levels/<name:blueprint>/<name:identifier>/<name:scorecard>.svg",
        "charts/graphs/<name:blueprint>/<name:identifier>.svg",
        "charts/scorecards/<name:identifier>.svg",
        "charts/teams/<name:team>/<name:scorecard>.svg",
        "charts/boards/<name:identifier>/<name:widget>.svg",
        "campaigns/",
        "campaigns/<name:identifier>/",
        "search/",
        "palette/",
    ),
    "admin-only write": (
        "api/^blueprints/(?P<identifier>.+)/permissions/$",
        "api/v2/scorecard/campaigns",
        "api/v2/scorecard/campaigns/<segment:campaign>",
        "api/v2/catalog/kind",
        "api/v2/catalog/kind/<rest:kind>",
        "api/v2/ai_impact/user_activity",
        "api/v2/idp/entity_integrations/<segment:integration>",
        "api/^blueprints/$",
        "api/^blueprints/(?P<identifier>.+)/$",
        "api/^scorecard-previews/$",
        "api/^campaigns/$",
        "api/^campaigns/(?P<identifier>.+)/$",
        "v1/blueprints",
        "v1/blueprints/<segment:blueprint>",
        "v1/blueprints/<segment:blueprint>/properties/<segment:item>/rename",
        "v1/blueprints/<segment:blueprint>/mirror/<segment:item>/rename",
        "v1/blueprints/<segment:blueprint>/relations/<segment:item>/rename",
        "v1/blueprints/<segment:blueprint>/permissions",
        "v1/migrations/<segment:migration>/cancel",
        "v1/integration/<segment:name>/config",
        "v1/integration/<segment:name>/resync-state",
        "v1/ingest/logs/integration/<segment:name>",
        "v1/ingest/metrics/integration/<segment:name>",
        "v1/ingest/metrics/integration/<segment:name>/syncMetrics",
        "v1/ingest/metrics/integration/<segment:name>/syncMetrics/resync/<segment:event>/kind/<segment:kind>",
        "v1/ingest/metrics/integration/<segment:name>/heartbeat",
        "v1/organization",
        "v1/pages",
        "v1/pages/<segment:page>",
        "v1/pages/<segment:page>/permissions",
        "v1/pages/<segment:page>/widgets",
        "v1/pages/<segment:page>/widgets/<segment:widget>",
        "v1/sidebars/catalog/folders",
        "v1/sidebars/catalog/folders/<segment:folder>",
        "v1/teams",
        "v1/teams/<segment:team>",
        "v1/users",
        "v1/users/<segment:user>",
        "v1/users/invite",
        "v1/actions/runs/claim-pending",
        "v1/actions/runs/ack",
        "v1/actions/runs/<segment:identifier>",
        "v1/actions/runs/<segment:identifier>/logs",
        "v1/actions/runs/<segment:identifier>/approval",
        "v1/actions",
        "v1/actions/<segment:identifier>",
        "v1/actions/<segment:identifier>/permissions",
        "v1/actions/<segment:identifier>/runs",
        "v1/workflows/runs/claim-pending",
        "dashboards/<names:identifier>/",
    ),
    "scorecard write": (
        "api/v2/scorecard/rules",
        "api/^scorecards/$",
        "api/^scorecards/(?P<identifier>.+)/$",
        "api/^rules/$",
        "api/^rules/(?P<pk>[0-9]{1,18})/$",
        "api/^outcomes/$",
        "api/^outcomes/(?P<pk>[0-9]{1,18})/$",
        "api/^outcomes/(?P<pk>[0-9]{1,18})/history/$",
        "v1/scorecards",
        "v1/blueprints/<segment:blueprint>/scorecards",
        "v1/blueprints/<segment:blueprint>/scorecards/<segment:scorecard>",
    ),
    "admins": (
        "v1/migrations",
        "v1/migrations/<segment:migration>",
        "v1/integration",
        "v1/integration/metadata",
        "v1/integration/provision-enabled",
        "v1/integration/<segment:name>",
        "v1/integration/<segment:name>/resync-request",
        "v1/integration/<segment:name>/resync",
        "v1/integration/<segment:name>/cursor",
        "v1/integration/<segment:name>/logs",
        "v1/integration/<segment:name>/syncMetrics",
        "v1/integration/<segment:name>/syncsMetadata",
        "v1/integration/<segment:name>/kinds",
        "v1/integration/<segment:name>/kinds/<segment:kind>/examples",
        "v1/organization/secrets",
        "v1/organization/secrets/<segment:name>",
        "v1/webhooks",
        "v1/webhooks/metadata",
        "v1/webhooks/<segment:identifier>",
        "v1/blueprints/<segment:blueprint>/all-entities",
        "api/^retentions/$",
        "api/^retentions/(?P<blueprint>.+)/$",
        "dashboards/<names:identifier>/delete/",
        "dashboards/<names:identifier>/settings/",
        "dashboards/<names:identifier>/widget/",
        "dashboards/<names:identifier>/edit/",
        "v1/apps/<segment:client_id>/rotate-secret",
        "v1/apps/<segment:client_id>",
        "v1/apps",
        "api/^changes/$",
        "v1/audit-log",
        "new-folder/",
        "folders/<name:identifier>/",
        "folders/<name:identifier>/delete/",
    ),
    "entity write": (
        "api/^entities/$",
        "api/^entities/bulk/$",
        "api/^entities/(?P<blueprint>[^/]+)/(?P<identifier>.+)/$",
        "v1/blueprints/<derived:blueprint>/entities",
        "v1/blueprints/<derived:blueprint>/entities/<segment:entity>",
        "v1/blueprints/<segment:blueprint>/entities",
        "v1/blueprints/<segment:blueprint>/entities/<segment:entity>",
    ),
    "entity deletion": ("v1/blueprints/<segment:blueprint>/bulk/entities/delete",),
    "own things": (
        "views/<name:blueprint>/",
        "views/<name:blueprint>/<name:identifier>/",
    ),
    "moderators": (
        "api/^exemptions/$",
        "api/^exemptions/(?P<pk>[0-9]{1,18})/$",
        "exemptions/",
        "exemptions/<int:exemption>/withdraw/",
    ),
}
_WORKSHOP = {
    "workshop": (
        "admin/search/",
        "admin/",
        "admin/login/",
        "admin/password_change/done/",
        "admin/autocomplete/",
        "admin/jsi18n/",
        "admin/r/<path:content_type_id>/<path:object_id>/",
        "admin/^(?P<app_label>portal|django_celery_results|catalog|scorecards|dashboards|integrations)/$",
        "admin/(?P<url>.*)$",
        "admin/catalog/entity/choices/<path:blueprint>/",
    ),
    "workshop, admins": (
        "status/",
        "admin/catalog/change/export/<str:form>/",
        "admin/portal/user/<id>/password/",
        "admin/integrations/channel/<path:object_id>/test/",
        "admin/integrations/delivery/<path:object_id>/again/",
        "admin/integrations/apicredential/<path:object_id>/rotate/",
        "admin/integrations/integration/<path:object_id>/resync/",
        "admin/integrations/report/<path:object_id>/preview/",
        "admin/integrations/report/<path:object_id>/send/",
        "admin/integrations/alert/<path:object_id>/preview/",
        "admin/integrations/reminder/<path:object_id>/preview/",
    ),
    "leaving": ("admin/logout/",),
    "workshop, entity": ("admin/catalog/entity/<path:object_id>/change/",),
    "workshop, moderated": (
        "admin/catalog/entity/<path:object_id>/delete/",
        "admin/scorecards/rule/<path:object_id>/history/",
    ),
}


def families_of() -> dict[str, list[str]]:
    """Return the families that each route is put in: there is to be one."""
    own = {pattern for patterns in _WORKSHOP.values() for pattern in patterns}
    found: dict[str, list[str]] = {}
    for table in (ROUTES, _WORKSHOP):
        for family, patterns in table.items():
            for pattern in patterns:
                found.setdefault(pattern, []).append(family)
    for pattern, family in _of_models():
        if pattern not in own:
            found.setdefault(pattern, []).append(family)
    return found
