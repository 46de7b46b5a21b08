"""Finding the dashboard of an address, for somebody who may read or change it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from portal.dashboards.boards.board_page import Reader
from portal.dashboards.models import Page
from portal.dashboards.shelf import visible_boards
from portal.dashboards.visitors import Visitor
from portal.permissions import sight_of


def board_for(request: HttpRequest, identifier: str) -> Page:
    """Return a dashboard that the reader may see; raises `Http404`, also where they may not."""
    visitor = Visitor(request.user)
    rows = visible_boards(visitor).select_related("parent")
    page = rows.filter(identifier=identifier).first()
    if page is None or not visitor.may_read(page):
        raise Http404(f"no dashboard {identifier}")
    return page


def editable_board(request: HttpRequest, identifier: str) -> Page:
    """Return a dashboard that the reader may change; raises `Http404` and `PermissionDenied`."""
    page = board_for(request, identifier)
    if not Visitor(request.user).may_change(page):
        raise PermissionDenied(f"may not change {identifier}")
    return page


def reader_of(request: HttpRequest) -> Reader:
    """Return what texts may say of who reads."""
    user = request.user
    if not user.is_authenticated:
        return Reader(values={}, sight=sight_of(user))
    values = {
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "name": user.get_full_name() or user.get_username(),
    }
    return Reader(values=values, sight=sight_of(user))
