"""Bodies that are definitions: JSON objects, or YAML, in a JSON string or as it is."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from rest_framework import exceptions

from portal.integrations.datadog.views import DatadogParser

# With these JSON begins that says something; who sends them means no YAML.
_JSON = (b"{", b"[", b'"')


class DefinitionParser(DatadogParser):
    """JSON, or else a YAML text, which is left as a text."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the decoded body; raises what `DatadogParser` does."""
        raw = stream.read(self.max_bytes + 1)
        try:
            return super().parse(BytesIO(raw), media_type, parser_context)
        except exceptions.ParseError:
            if raw.lstrip().startswith(_JSON):
                raise
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(f"The body is no text in UTF-8: {error}")
