"""How lists are narrowed and cut into pages."""

import re
from collections import defaultdict
from typing import Any

from django.forms.utils import ErrorDict
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, pagination
from rest_framework.request import Request


class PageNumberPagination(pagination.PageNumberPagination):
    """Pages by number: `page` from 1, `page_size` up to 500, with the count of all rows."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        """Return the size asked for; what is not a number is refused, not ignored."""
        raw = request.query_params.get("page_size")
        if raw is not None and not re.fullmatch(r"[1-9][0-9]{0,8}", raw):
            raise exceptions.ValidationError({"page_size": ["give a number from 1 to 500"]})
        return super().get_page_size(request)


class FilterBackend(DjangoFilterBackend):
    """django-filter, except that an unknown parameter is refused: a typo must not widen a list."""

    general = frozenset(["page", "page_size", "format"])

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Return the rows that are asked for."""
        filterset = self.get_filterset(request, queryset, view)
        known = set(filterset.filters) if filterset is not None else set()
        unknown = sorted(set(request.query_params) - known - self.general)
        if unknown:
            shown = ", ".join(sorted(known)) or "none"
            message = f"there is no such filter; there are: {shown}"
            raise exceptions.ValidationError({name: [message] for name in unknown})
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise exceptions.ValidationError(_by_place(filterset.errors))
        return filterset.qs


def _by_place(errors: ErrorDict) -> dict[str, list[str]]:
    """Return the messages by parameter, or by the place inside of it that an error names."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, items in errors.as_data().items():
        for error in items:
            params = error.params or {}
            message = params["message"] if "path" in params else error.messages[0]
            found[params.get("path", name)].append(message)
    return found
