"""Identifiers in addresses. They may hold slashes; no identifier holds a tilde, which stands in."""


class NameConverter:
    """An identifier as one segment of an address: its slashes are written as tildes."""

    regex = r"[^/\x00]+"

    def to_python(self, value: str) -> str:
        """Return the identifier."""
        return value.replace("~", "/")

    def to_url(self, value: str) -> str:
        """Return the segment."""
        return value.replace("/", "~")


class PathConverter(NameConverter):
    """An identifier that keeps its slashes, unless a browser would rewrite the address.

    Browsers take out ``.`` and ``..`` segments, and proxies merge double slashes.
    """

    regex = r"[^\x00]+"

    def to_url(self, value: str) -> str:
        """Return the path."""
        is_plain = not {"", ".", ".."} & set(value.split("/"))
        return value if is_plain else super().to_url(value)
