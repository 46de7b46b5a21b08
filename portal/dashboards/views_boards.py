"""The pages of dashboards."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.dashboards.boards.board_page import Reader, board_page
from portal.dashboards.shelf import boards_for, visible_boards
from portal.permissions import may_read_people, username_of


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Show all dashboards that the reader may see, in their folders."""
    return render(
        request, "dashboards/boards_page.html", {"boards": boards_for(username_of(request.user))}
    )


@require_safe
def board(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one dashboard."""
    rows = visible_boards(username_of(request.user)).select_related("parent")
    page = rows.filter(identifier=identifier).first()
    if page is None:
        raise Http404(f"no dashboard {identifier}")
    drawn = board_page(page, reader_of(request), now=timezone.now())
    return render(request, "dashboards/board_page.html", {"board": drawn})


def reader_of(request: HttpRequest) -> Reader:
    """Return who looks at a board."""
    user = request.user
    if not user.is_authenticated:
        return Reader(values={}, has_people=False)
    values = {
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "name": user.get_full_name() or user.get_username(),
    }
    return Reader(values=values, has_people=may_read_people(user))
