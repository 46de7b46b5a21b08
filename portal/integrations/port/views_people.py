"""Teams and users."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import TEAM, USER
from catalog.operations import delete_entities
from portal.integrations.port import teams, users
from portal.integrations.port.answers import success
from portal.integrations.port.field_lists import only_fields
from portal.integrations.port.people import find_team, find_user
from portal.integrations.port.views import PortView

NO_MAIL = "The portal sends no mail: tell them its address yourself."


class PeopleView(PortView):
    """What the views of teams and users share: each shows the others, too."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse who may not read who is who."""
        super().initial(request, *args, **kwargs)
        for name in (TEAM, USER):
            if not self.rights.may_read_blueprint(name):
                raise exceptions.PermissionDenied(f"You may not read the entities of '{name}'.")

    @property
    def writing(self) -> dict[str, Any]:
        """Return who writes, when, and by what tool."""
        return {"by": self.actor, "now": timezone.now(), "datasource": self.datasource}

    def asked(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the parts of bodies that the request asks for by ``fields``."""
        names = self.names("fields")
        return [only_fields(body, names) for body in bodies]


class TeamsView(PeopleView):
    """The teams."""

    def get(self, request: Request) -> Response:
        """List them, with objects for who is in them."""
        return success(teams=self.asked(teams.shown_teams(teams.all_teams())))

    def post(self, request: Request) -> Response:
        """Create one. What writes answers with e-mail addresses where reading has objects."""
        team = teams.create_team(self.body(), **self.writing)
        return success(team=teams.written_team(team))


class TeamView(PeopleView):
    """One team, by its name."""

    def get(self, request: Request, team: str) -> Response:
        """Show it."""
        return success(team=self.asked(teams.shown_teams([find_team(team)]))[0])

    def put(self, request: Request, team: str) -> Response:
        """Make it what the body says: what is left out is taken away, but for the name."""
        return self._change(team, is_whole=True)

    def patch(self, request: Request, team: str) -> Response:
        """Set what the body mentions."""
        return self._change(team, is_whole=False)

    def delete(self, request: Request, team: str) -> Response:
        """Delete it; who was in it stays."""
        delete_entities(entities=[find_team(team)], by=self.actor, now=timezone.now())
        return success()

    def _change(self, team: str, *, is_whole: bool) -> Response:
        changed = teams.change_team(find_team(team), self.body(), is_whole=is_whole, **self.writing)
        return success(team=teams.written_team(changed))


class UsersView(PeopleView):
    """The users: everybody of whom the catalog knows."""

    def get(self, request: Request) -> Response:
        """List them."""
        return success(users=self.asked(users.shown_users(users.all_users())))


class InviteView(PeopleView):
    """``POST {"invitee": {"email", "roles", "teams"}}``. ``notify`` is passed over."""

    def post(self, request: Request) -> Response:
        """Make a user who is expected, and say that nobody told them."""
        user = users.invite_user(self.body(), **self.writing)
        return success(user=users.shown_users([user])[0], message=NO_MAIL)


class UserView(PeopleView):
    """One user, by e-mail address."""

    def get(self, request: Request, user: str) -> Response:
        """Show them."""
        return success(user=self.asked(users.shown_users([find_user(user)]))[0])

    def patch(self, request: Request, user: str) -> Response:
        """Set what the body mentions."""
        changed = users.change_user(find_user(user), self.body(), **self.writing)
        return success(user=users.shown_users([changed])[0])

    def delete(self, request: Request, user: str) -> Response:
        """Delete them from the catalog. Whether they may sign in is another matter."""
        delete_entities(entities=[find_user(user)], by=self.actor, now=timezone.now())
        return success()
