"""What identifiers may look like. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from catalog.errors import Fault

# Any letter or digit of any script, and the signs that file paths, e-mails and versions need.
_ALLOWED = re.compile(r"^(?!\.{1,2}$)[\w@.+:\\/=-]+$", re.UNICODE)
# PostgreSQL's index rows hold 2,704 bytes; a thousand characters can be four thousand bytes.
MAX_BYTES = 2_000


def identifier_fault(value: Any) -> Iterator[Fault]:
    """Yield what is wrong with the identifier of an entity, if anything."""
    if not isinstance(value, str) or not value:
        yield Fault("identifier", "give a text")
    elif len(value) > 1000 or len(value.encode(errors="surrogatepass")) > MAX_BYTES:
        yield Fault("identifier", "is too long: at most 1,000 characters and 2,000 bytes")
    elif not _ALLOWED.fullmatch(value):
        yield Fault(
            "identifier",
            "may hold letters, digits and @ _ . + : \\ / = - only, and not be '.' or '..'",
        )
