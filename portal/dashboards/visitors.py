"""Somebody before pages: which of them they may read and change."""

from typing import Any

from portal.dashboards.models import Page
from portal.dashboards.page_permissions import whole
from portal.permissions import may_make_boards, rights_of, roles_of, username_of


class Visitor:
    """A user, with what they brought, or the public. Teams are only looked up where named."""

    def __init__(self, user: Any, auth: Any = None) -> None:
        self.user = user
        self.username = username_of(user)
        self.roles = roles_of(user, auth)
        self.rights = rights_of(user, auth)

    @property
    def teams(self) -> frozenset[str]:
        """Return the teams that they are in."""
        return self.rights.teams

    def may_read(self, page: Page) -> bool:
        """Say whether they may see a page: a private one is for whoever made it alone."""
        if page.visibility == Page.Visibility.PRIVATE:
            return self._made(page)
        return "Admin" in self.roles or self._is_named(page, "read")

    def may_change(self, page: Page) -> bool:
        """Say whether they may change a page; who may not read it may not change it either."""
        if not may_make_boards(self.user) or not self.may_read(page):
            return False
        is_private = page.visibility == Page.Visibility.PRIVATE
        return is_private or "Admin" in self.roles or self._is_named(page, "update")

    def _made(self, page: Page) -> bool:
        return bool(self.username) and page.created_by == self.username

    def _is_named(self, page: Page, act: str) -> bool:
        lists = whole(page.permissions)[act]
        if self.roles & set(lists["roles"]) or self.rights.names & set(lists["users"]):
            return True
        return bool(lists["teams"]) and bool(self.teams & set(lists["teams"]))
