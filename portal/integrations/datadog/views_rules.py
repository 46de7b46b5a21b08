"""Rules and scorecards at the addresses of this dialect."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.datadog import paging, rule_reading, rules
from portal.integrations.datadog.field_sets import cut
from portal.integrations.datadog.rule_answers import present_rule, present_scorecard
from portal.integrations.datadog.rules_codec import RuleDraft, read_rule
from portal.integrations.datadog.views import DatadogView
from scorecards import custom
from scorecards.custom import PackRules
from scorecards.models import Rule

# Clients that ask for more than a page holds would take a short one for the last.
PAGE, LARGEST = 100, 1_000


class RulesView(DatadogView):
    """The rules of all scorecards."""

    asks_of_objects = True

    def get(self, request: Request) -> Response:
        """List them, a page at a time."""
        page = paging.page_of(request.query_params, default=PAGE, largest=LARGEST)
        built_in = custom.installed_rules()
        rows = rule_reading.rules_like(self._wanted(), built_in, rights=self.rights)[page.rows]
        body: dict[str, Any] = {
            "data": [self._shown(rule, built_in) for rule in rows],
            "links": paging.links(request.path, request.query_params, page),
        }
        if self._includes_scorecards():
            body["included"] = self._scorecards(rows)
        return Response(body)

    def post(self, request: Request) -> Response:
        """Create one."""
        rule = rules.create_rule(draft=_draft(self), by=self.actor, now=timezone.now())
        return Response({"data": _presented(rule)}, status=201)

    def _wanted(self) -> rule_reading.RuleFilter:
        return rule_reading.RuleFilter(
            id=self.parameter("filter[rule][id]"),
            name=self.parameter("filter[rule][name]"),
            description=self.parameter("filter[rule][description]"),
            is_enabled=self.flag("filter[rule][enabled]"),
            is_custom=self.flag("filter[rule][custom]"),
        )

    def _shown(self, rule: Rule, built_in: PackRules) -> dict[str, Any]:
        told = present_rule(rule, is_custom=custom.is_custom(rule, built_in))
        return cut(told, self.parameter("fields[rule]"))

    def _includes_scorecards(self) -> bool:
        wanted = {name.strip() for name in self.parameter("include").split(",")} - {""}
        if wanted - {"scorecard"}:
            raise Invalid.at("include", "of rules there is only scorecard to include")
        return bool(wanted)

    def _scorecards(self, rows: Sequence[Rule]) -> list[dict[str, Any]]:
        found = {rule.scorecard_id: rule.scorecard for rule in rows}
        wanted = self.parameter("fields[scorecard]") or "name,description"
        return [cut(present_scorecard(found[key]), wanted) for key in sorted(found)]


class RuleView(DatadogView):
    """One rule."""

    asks_of_objects = True

    def put(self, request: Request, rule: str) -> Response:
        """Replace what is said of it."""
        saved = rules.replace_rule(id_=rule, draft=_draft(self), by=self.actor, now=timezone.now())
        return Response({"data": _presented(saved)})

    def delete(self, request: Request, rule: str) -> Response:
        """Delete it."""
        rules.delete_rule(id_=rule, by=self.actor, now=timezone.now())
        return Response(status=204)


class ScorecardsView(DatadogView):
    """The scorecards."""

    def get(self, request: Request) -> Response:
        """List them, a page at a time."""
        page = paging.page_of(request.query_params, default=PAGE, largest=LARGEST)
        parts = {
            name: self.parameter(f"filter[scorecard][{name}]")
            for name in ("id", "name", "description")
        }
        rows = rule_reading.scorecards_like(parts, rights=self.rights)[page.rows]
        return Response({"data": list(map(present_scorecard, rows))})


def _draft(view: DatadogView) -> RuleDraft:
    # Without a type, it can only be a rule.
    return read_rule(view.attributes(type_="rule" if "type" in view.data() else None))


def _presented(rule: Rule) -> dict[str, Any]:
    is_custom = custom.is_custom(rule, custom.installed_rules())
    return present_rule(rule, is_custom=is_custom)
