"""Scorecards at the addresses of this dialect."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.port import cards, scorecards
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView


class ScorecardsView(PortView):
    """The scorecards of all blueprints. They come in one answer: a `page` is not looked at."""

    def get(self, request: Request) -> Response:
        """List them."""
        return success(scorecards=list(map(cards.presented, cards.all_cards(self.rights))))


class BlueprintScorecardsView(PortView):
    """The scorecards of one blueprint."""

    asks_of_objects = True

    def get(self, request: Request, blueprint: str) -> Response:
        """List them."""
        found = cards.cards_on(self.blueprint(blueprint))
        return success(scorecards=list(map(cards.presented, found)))

    def post(self, request: Request, blueprint: str) -> Response:
        """Create one."""
        card = scorecards.create_scorecard(
            blueprint=self.blueprint(blueprint),
            body=self.body(),
            by=self.actor,
            now=timezone.now(),
        )
        return success(status=201, scorecard=cards.presented(card))

    def put(self, request: Request, blueprint: str) -> Response:
        """Replace all of them."""
        if not isinstance(request.data, list):
            raise Invalid.at("", "send a JSON list of scorecards")
        saved = scorecards.replace_scorecards(
            blueprint=self.blueprint(blueprint),
            bodies=request.data,
            by=self.actor,
            now=timezone.now(),
        )
        return success(scorecards=list(map(cards.presented, saved)))


class ScorecardView(PortView):
    """One scorecard of a blueprint."""

    asks_of_objects = True

    def get(self, request: Request, blueprint: str, scorecard: str) -> Response:
        """Show it."""
        card = cards.card_on(self.blueprint(blueprint), scorecard)
        return success(scorecard=cards.presented(card))

    def put(self, request: Request, blueprint: str, scorecard: str) -> Response:
        """Replace or rename it."""
        card = scorecards.replace_scorecard(
            blueprint=self.blueprint(blueprint),
            identifier=scorecard,
            body=self.body(),
            by=self.actor,
            now=timezone.now(),
        )
        return success(scorecard=cards.presented(card))

    def delete(self, request: Request, blueprint: str, scorecard: str) -> Response:
        """Delete it, or, where it grades other blueprints too, take it from this one."""
        scorecards.delete_scorecard(
            blueprint=self.blueprint(blueprint),
            identifier=scorecard,
            by=self.actor,
            now=timezone.now(),
        )
        return success()
