"""Pages that are there though nobody wrote them: of each blueprint, of its entities, and home.

They are made from what is in the catalog, as rows that are not stored. Whoever changes one stores
it, and it stays as it was stored. That of a blueprint can be removed.
"""

from collections.abc import Iterable
from typing import Any

from catalog.models import TEAM, Blueprint
from portal.dashboards.documents import ENTITY_SUFFIX, HOME
from portal.dashboards.models import Page, RemovedDefault
from portal.dashboards.widgets import DASHBOARD, GROUPER, HEIGHT
from portal.permissions import SYSTEM

_MADE = {"created_by": SYSTEM.label, "updated_by": SYSTEM.label}
_EVERYTHING = {"combinator": "and", "rules": []}
# What the address of a page says it is about.
_HERE = {"blueprint": "{{blueprint}}", "entity": "{{url.identifier}}"}


def default_page(identifier: str) -> Page | None:
    """Return the page of this name that is there without being stored, if any."""
    if identifier == HOME:
        return home_page(Blueprint.objects.get(identifier=TEAM))
    described = identifier.removesuffix(ENTITY_SUFFIX)
    found = Blueprint.objects.filter(identifier__in=[identifier, described])
    pages = {page.identifier: page for page in _of_blueprints(found)}
    return pages.get(identifier)


def default_pages() -> list[Page]:
    """Return all of them: home, and those of blueprints by identifier."""
    blueprints = list(Blueprint.objects.order_by("identifier"))
    home = [home_page(row) for row in blueprints if row.identifier == TEAM]
    return [*home, *_of_blueprints(blueprints)]


def _of_blueprints(blueprints: Iterable[Blueprint]) -> list[Page]:
    rows = list(blueprints)
    removed = set(
        RemovedDefault.objects.filter(identifier__in=[row.identifier for row in rows]).values_list(
            "identifier", flat=True
        )
    )
    catalog = [catalog_page(row) for row in rows if row.identifier not in removed]
    # A blueprint may be called as the page of another's entities is; its own page comes first.
    taken = {page.identifier for page in catalog}
    entity = [page for page in map(entity_page, rows) if page.identifier not in taken]
    return [*catalog, *entity]


def catalog_page(blueprint: Blueprint) -> Page:
    """Return the page that lists the entities of a blueprint."""
    table = {
        "id": f"{blueprint.identifier}Table",
        "type": "table-entities-explorer",
        "blueprint": blueprint.identifier,
        "dataset": _EVERYTHING,
    }
    return _page(
        blueprint, identifier=blueprint.identifier, type=Page.Type.CATALOG, widgets=[table]
    )


def entity_page(blueprint: Blueprint) -> Page:
    """Return the page on which each entity of a blueprint is shown."""
    identifier = f"{blueprint.identifier}{ENTITY_SUFFIX}"
    return _page(
        blueprint, identifier=identifier, type=Page.Type.ENTITY, widgets=[_tabs(identifier)]
    )


def home_page(team: Blueprint) -> Page:
    """Return the page that the portal starts with; it is as old as the blueprint of teams."""
    mine = {"id": "myEntities", "type": "my-entities", "title": "My entities"}
    row = {"height": HEIGHT, "columns": [{"id": mine["id"], "size": 12}]}
    root = {"id": "homeDashboard", "type": DASHBOARD, "layout": [row], "widgets": [mine]}
    return Page(
        identifier=HOME,
        type=Page.Type.HOME,
        title="Home",
        widgets=[root],
        created_at=team.created_at,
        updated_at=team.created_at,
        **_MADE,
    )


def _page(blueprint: Blueprint, **parts: Any) -> Page:
    return Page(
        title=blueprint.title,
        icon=blueprint.icon or None,
        blueprint=blueprint.identifier,
        created_at=blueprint.created_at,
        updated_at=blueprint.updated_at,
        **_MADE,
        **parts,
    )


def _tabs(name: str) -> dict[str, Any]:
    tabs = {
        "Overview": {"type": "entity-info", **_HERE},
        "Related entities": {"type": "table-entities-explorer-by-direction"},
        "Audit log": {"type": "table-audit-log", "query": _HERE},
    }
    return {
        "id": f"{name}Tabs",
        "type": GROUPER,
        "displayMode": "tabs",
        "activeGroupUrlParam": "activeTab",
        "groupsOrder": list(tabs),
        "groups": [
            {"title": title, "widgets": [{"id": f"{name}{index}", **widget}]}
            for index, (title, widget) in enumerate(tabs.items())
        ],
    }
