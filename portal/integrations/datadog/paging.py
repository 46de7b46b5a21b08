"""Pages of lists by offset and size, and the links between them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from catalog.errors import Invalid

MAX_OFFSET = 2**31
# Longer than any number that a link of ours holds.
MAX_DIGITS = 18


@dataclass(frozen=True)
class Page:
    """A part of a list: so many from an offset on."""

    offset: int
    limit: int

    @property
    def rows(self) -> slice:
        """Return the part of a list or a queryset that stands on the page."""
        return slice(self.offset, self.offset + self.limit)


def page_of(
    parameters: Mapping[str, str], *, size: str = "page[size]", default: int, largest: int
) -> Page:
    """Return the page that a query asks for; raises `Invalid` naming the parameter.

    `size` is the parameter of the length. A larger one than there is gets the largest.
    """
    limit = whole_number(parameters, size, default, lowest=1)
    offset = whole_number(parameters, "page[offset]", 0, lowest=0)
    return Page(offset=min(offset, MAX_OFFSET), limit=min(limit, largest))


def whole_number(parameters: Mapping[str, str], name: str, default: int, *, lowest: int) -> int:
    """Return a whole number among the parameters of a query; raises `Invalid` naming it."""
    raw = parameters.get(name)
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= MAX_DIGITS and int(raw) >= lowest):
        raise Invalid.at(name, f"give a whole number from {lowest} on")
    return int(raw)


def link(path: str, parameters: Mapping[str, str], page: Page) -> str:
    """Return the address of a page of the same list, its brackets as clients write them."""
    kept = {key: value for key, value in parameters.items() if not key.startswith("page[")}
    numbers = {
        "page[limit]": str(page.limit),
        "page[offset]": str(page.offset),
        "page[size]": str(page.limit),
    }
    return f"{path}?{urlencode({**kept, **numbers}, safe='[]')}"


def links(path: str, parameters: Mapping[str, str], page: Page) -> dict[str, str]:
    """Return the links of a page: `next` always, also past the end, as its clients know it.

    They stop at the first page that is shorter than they asked for.
    """
    found = {"next": link(path, parameters, Page(page.offset + page.limit, page.limit))}
    if page.offset:
        previous = Page(max(page.offset - page.limit, 0), page.limit)
        found["previous"] = link(path, parameters, previous)
    return found
