"""Pages of the catalog's lists: `next` is there only where something follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal.integrations.datadog.paging import Page, page_of

SIZE = "page[limit]"
DEFAULT, LARGEST = 100, 1_000


@dataclass(frozen=True)
class CatalogPage:
    """A part of a list that is read by one row more than it shows, to know if others follow."""

    path: str
    parameters: Mapping[str, str]
    page: Page

    @classmethod
    def of(cls, path: str, parameters: Mapping[str, str]) -> "CatalogPage":
        """Return the page that a query asks for; raises `Invalid`."""
        page = page_of(parameters, size=SIZE, default=DEFAULT, largest=LARGEST)
        return cls(path, parameters, page)

    @property
    def rows(self) -> slice:
        """Return the part of the list to read."""
        return slice(self.page.offset, self.page.offset + self.page.limit + 1)

    def shown(self, rows: list[Any]) -> list[Any]:
        """Return the rows that stand on the page, of those that were read."""
        return rows[: self.page.limit]

    def links(self, rows: list[Any]) -> dict[str, str]:
        """Return the links of the page, of which these rows were read."""
        offset, limit = self.page.offset, self.page.limit
        found = {"self": self._link(offset)}
        if len(rows) > limit:
            found["next"] = self._link(offset + limit)
        if offset:
            found["previous"] = self._link(max(offset - limit, 0))
        return found

    def _link(self, offset: int) -> str:
        kept = {key: value for key, value in self.parameters.items() if "page[" not in key}
        numbers = {SIZE: str(self.page.limit), "page[offset]": str(offset)}
        return f"{self.path}?{urlencode({**kept, **numbers}, safe='[]:/')}"
