"""Pages, their widgets and permissions, and the sidebar in which they stand."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from portal.dashboards import operations
from portal.dashboards.models import Page
from portal.dashboards.page_permissions import whole
from portal.dashboards.visitors import Visitor
from portal.integrations.port.answers import success
from portal.integrations.port.pages import (
    all_pages,
    create_page,
    find_page,
    patch_page,
    replace_page,
    shown_page,
)
from portal.integrations.port.sidebar import (
    create_folder,
    find_folder,
    patch_folder,
    shown_item,
    shown_sidebar,
)
from portal.integrations.port.views import PortView


class VisitedView(PortView):
    """What the views of pages share."""

    @property
    def visitor(self) -> Visitor:
        """Return whoever asks, as pages know people."""
        return Visitor(self.request.user, self.request.auth)

    def page(self, identifier: str) -> Page:
        """Return the page that an address names, as far as it may be read; raises `NotFound`."""
        return find_page(identifier, self.visitor)


class PagesView(VisitedView):
    """All pages. With ``compact`` without what is on them."""

    def get(self, request: Request) -> Response:
        """List them."""
        is_compact = self.flag("compact")
        found = all_pages(self.visitor)
        return success(pages=[shown_page(page, is_compact=is_compact) for page in found])

    def post(self, request: Request) -> Response:
        """Create one."""
        page = create_page(self.body(), by=self.actor, now=timezone.now())
        return success(status=201, identifier=page.identifier, page=shown_page(page))


class PageView(VisitedView):
    """One page. Those of blueprints, of entities and home are there without being created."""

    def get(self, request: Request, page: str) -> Response:
        """Show it."""
        return success(page=shown_page(self.page(page)))

    def put(self, request: Request, page: str) -> Response:
        """Make it what the body says."""
        changed = replace_page(self.page(page), self.body(), by=self.actor, now=timezone.now())
        return success(identifier=changed.identifier, page=shown_page(changed))

    def patch(self, request: Request, page: str) -> Response:
        """Set what the body mentions."""
        changed = patch_page(self.page(page), self.body(), by=self.actor, now=timezone.now())
        return success(identifier=changed.identifier, page=shown_page(changed))

    def delete(self, request: Request, page: str) -> Response:
        """Delete it, or what was changed of it."""
        operations.delete_page(page=self.page(page), by=self.actor, now=timezone.now())
        return success()


class WidgetsView(VisitedView):
    """The widgets of a page."""

    def post(self, request: Request, page: str) -> Response:
        """Add one: on a dashboard below the others."""
        identifier = operations.add_widget(
            page=self.page(page), widget=self.body(), by=self.actor, now=timezone.now()
        )
        return success(status=201, identifier=identifier)


class WidgetView(VisitedView):
    """One widget of a page, however deep it is."""

    def patch(self, request: Request, page: str, widget: str) -> Response:
        """Set what the body mentions."""
        operations.change_widget(
            page=self.page(page),
            widget=widget,
            changes=self.body(),
            by=self.actor,
            now=timezone.now(),
        )
        return success(identifier=widget)

    def delete(self, request: Request, page: str, widget: str) -> Response:
        """Take it off the page."""
        operations.remove_widget(
            page=self.page(page), widget=widget, by=self.actor, now=timezone.now()
        )
        return success(identifier=widget)


class PagePermissionsView(VisitedView):
    """Who may read and update a page."""

    def get(self, request: Request, page: str) -> Response:
        """Show it."""
        return success(permissions=whole(self.page(page).permissions))

    def patch(self, request: Request, page: str) -> Response:
        """Put each list that is given in the place of the one before."""
        changed = operations.save_page_permissions(
            page=self.page(page), permissions=self.body(), by=self.actor, now=timezone.now()
        )
        return success(permissions=whole(changed.permissions))


class SidebarView(VisitedView):
    """The sidebar of the catalog."""

    def get(self, request: Request) -> Response:
        """Show it."""
        return success(sidebar=shown_sidebar(self.visitor))


class FoldersView(PortView):
    """The folders of the sidebar; they are listed with it."""

    def post(self, request: Request) -> Response:
        """Create one."""
        folder = create_folder(self.body(), by=self.actor, now=timezone.now())
        return success(status=201, identifier=folder.identifier, folder=shown_item(folder))


class FolderView(PortView):
    """One folder of the sidebar."""

    def patch(self, request: Request, folder: str) -> Response:
        """Set what the body mentions."""
        changed = patch_folder(find_folder(folder), self.body(), by=self.actor, now=timezone.now())
        return success(identifier=changed.identifier, folder=shown_item(changed))

    def delete(self, request: Request, folder: str) -> Response:
        """Delete it, if nothing is in it."""
        operations.delete_folder(folder=find_folder(folder), by=self.actor, now=timezone.now())
        return success()
