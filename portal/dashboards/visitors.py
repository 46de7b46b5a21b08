"""Somebody before pages: which of them they may read and change."""

from functools import cached_property
from typing import Any

from portal.dashboards.models import Page
from portal.dashboards.page_permissions import whole
from portal.permissions import may_make_boards, rights_of, roles_of, username_of


class Visitor:
    """A user, or the public. Teams are looked up only where a page names some."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.username = username_of(user)
        self.roles = roles_of(user)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset({self.username, self.user.email}) if self.username else frozenset()

    @cached_property
    def teams(self) -> frozenset[str]:
        """Return the teams that they are in."""
        return rights_of(self.user).teams

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
        if self.roles & set(lists["roles"]) or self._names & set(lists["users"]):
            return True
        return bool(lists["teams"]) and bool(self.teams & set(lists["teams"]))
