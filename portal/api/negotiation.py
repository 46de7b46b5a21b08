"""Answers of one format, whatever is asked for."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request


class OnlyFormat(BaseContentNegotiation):
    """The first parser and the first renderer: where this is used there are no others."""

    def select_parser(self, request: Request, parsers: list[Any]) -> Any:
        """Return the only parser."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: list[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the only renderer."""
        return renderers[0], renderers[0].media_type
