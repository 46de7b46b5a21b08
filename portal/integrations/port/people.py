"""Who is meant: teams by name or identifier, users by e-mail address in whatever case."""

from collections.abc import Iterable, Sequence

from catalog.bulk import chunks
from catalog.errors import Conflict, Fault, Invalid, NotFound
from catalog.models import TEAM, USER, Entity


def find_team(name: str) -> Entity:
    """Return the team of this name, or with this identifier where none is called so.

    Raises `NotFound`, and `Conflict` where several have the name: nobody knows which is meant.
    """
    teams = Entity.objects.of(TEAM)
    rows = list(teams.filter(title=name).order_by("id"))
    exact = [row for row in rows if row.identifier == name]
    if len(rows) > 1 and not exact:
        names = ", ".join(row.identifier for row in rows)
        raise Conflict(f"{len(rows)} teams are called '{name}'; use an identifier: {names}")
    found = next(iter(exact or rows), None) or teams.filter(identifier=name).first()
    if found is None:
        raise NotFound(f"there is no team '{name}'")
    return found


def find_user(email: str) -> Entity:
    """Return the user with this e-mail address; raises `NotFound`."""
    rows = {row.identifier: row for row in Entity.objects.of(USER).named({email, email.lower()})}
    found = rows.get(email) or rows.get(email.lower())
    if found is None:
        raise NotFound(f"there is no user '{email}'")
    return found


def user_identifiers(emails: Iterable[str]) -> list[str]:
    """Return e-mail addresses as their users have them; unknown ones in lower case, as new ones."""
    wanted = list(dict.fromkeys(emails))
    known: set[str] = set()
    for chunk in chunks(wanted):
        known |= set(Entity.objects.of(USER).named(chunk).values_list("identifier", flat=True))
    return list(dict.fromkeys(name if name in known else name.lower() for name in wanted))


def team_identifiers(names: Sequence[str]) -> list[str]:
    """Return the identifiers of teams that are named; raises `Invalid` naming those not there."""
    found, faults = [], []
    for index, name in enumerate(names):
        try:
            found.append(find_team(name).identifier)
        except (NotFound, Conflict) as error:
            faults.append(Fault(f"teams[{index}]", str(error)))
    if faults:
        raise Invalid(faults)
    return list(dict.fromkeys(found))
