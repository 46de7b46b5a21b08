"""The audit log: who did what to which object."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from catalog.models import Change
from portal.integrations.port.answers import success
from portal.integrations.port.audit import AuditQuery
from portal.integrations.port.audit_codec import (
    ACTIONS,
    SUCCESS,
    audit_body,
    read_moment,
    sources_of,
)
from portal.integrations.port.field_lists import only_fields
from portal.integrations.port.views import PortView

LIMIT = 100
MOST = 1_000
# By what changes are not known here: whoever asks for one of these asks for none.
_NOT_KNOWN = ("webhookId", "webhookEventId", "InstallationId", "actionType")
_SHOWN = (
    "id", "at", "actor", "source", "kind", "blueprint", "identifier", "action", "before", "after",
    "run",
)  # fmt: skip


class AuditLogView(PortView):
    """``GET /audit-log``: the entries that fit all of the parameters, newest first.

    ``limit`` of them at most, with the parts that ``includes`` names. What was refused is not in
    it: nothing changed.
    """

    for_admins = True

    def get(self, request: Request) -> Response:
        """Show them."""
        limit, found = self._limit(), self._query().rows()
        if any(map(self.text, _NOT_KNOWN)) or self.text("status") not in ("", SUCCESS):
            found = Change.objects.none()
        names = self.names("includes")
        rows = found.values(*_SHOWN)[:limit]
        return success(audits=[only_fields(audit_body(row), names) for row in rows])

    def _query(self) -> AuditQuery:
        return AuditQuery(
            identifier=self.text("identifier"),
            entity=self.text("entity"),
            blueprint=self.text("blueprint"),
            run=self.text("run_id"),
            action=self._action(),
            kinds=self.names("resources"),
            sources=sources_of(self.names("origin")),
            since=read_moment(self.text("from"), "from"),
            until=read_moment(self.text("to"), "to"),
        )

    def _action(self) -> str:
        action = self.text("action").upper()
        if action and action not in ACTIONS:
            raise Invalid.at("action", f"give one of {', '.join(ACTIONS)}")
        return ACTIONS.get(action, "")

    def _limit(self) -> int:
        raw = self.text("limit") or str(LIMIT)
        is_whole = raw.isascii() and raw.isdigit() and len(raw) < 9
        if not (is_whole and 1 <= int(raw) <= MOST):
            raise Invalid.at("limit", f"give a whole number from 1 to {MOST:,}")
        return int(raw)
