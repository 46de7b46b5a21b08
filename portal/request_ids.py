"""The id of the request that is being answered, in every line that is logged on the way."""

import logging
import re
import uuid
from contextvars import ContextVar

# What others send stands in logs: nothing there may begin a new line, or be endless.
_SOUND = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
current_id: ContextVar[str] = ContextVar("request_id", default="")


def id_from(given: str) -> str:
    """Return the id that a client gave, or a new one where it gave none that is sound."""
    return given if _SOUND.fullmatch(given) else uuid.uuid4().hex


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to every record: empty outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        record.request_id = current_id.get()
        return True
