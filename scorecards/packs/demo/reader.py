"""Turn the demo's files into drafts of entities, with all times moved so that they end now."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scorecards.packs.reading import read_yaml

Row = dict[str, Any]
Draft = dict[str, Any]

FOLDER = Path(__file__).parent

TIME_KEYS = ("created_at", "merged_at", "resolved_at", "last_commit_at")

SERVICE_PROPERTIES = {
    "language": "language",
    "readme": "readme",
    "license": "license",
    "security_policy": "security_policy",
    "codeowners": "codeowners",
    "contributing": "contributing",
    "changelog": "changelog",
    "ci_workflows": "ci_workflows",
    "dependabot": "dependency_updates",
    "pre_commit": "pre_commit",
    "dockerfile": "dockerfile",
    "test_files": "test_files",
    "docs_files": "docs_files",
    "files": "files",
    "commits_last_90_days": "commits_last_90_days",
    "contributors_last_90_days": "contributors_last_90_days",
    "last_commit_at": "last_commit_at",
}
# Files that are linked to: where the row has their path, the name of the link and its type.
LINKED_FILES = (
    ("readme", "README", "doc"),
    ("contributing", "Contributing guide", "doc"),
    ("changelog", "Changelog", "other"),
)
# Files that say whom to ask.
CONTACT_FILES = (
    ("security_policy", "Reports of vulnerabilities", "security"),
    ("codeowners", "Code owners", "code-owners"),
)
DEPLOYMENT_PROPERTIES = {
    "version": "version",
    "sha": "sha",
    "created_at": "deployed_at",
    "status": "status",
    "environment": "environment",
    "pull_requests": "changes_count",
}
PULL_REQUEST_PROPERTIES = {
    "number": "number",
    "created_at": "opened_at",
    "merged_at": "merged_at",
}
INCIDENT_PROPERTIES = {"created_at": "opened_at", "resolved_at": "resolved_at"}


@dataclass(frozen=True)
class DemoUser:
    """Somebody who may sign in to the demo. The loader sets the password."""

    username: str
    email: str
    first_name: str
    last_name: str
    is_admin: bool
    teams: tuple[str, ...]


@dataclass(frozen=True)
class DemoData:
    """The demo as drafts, ready for the bulk operation.

    `entities` maps blueprints to drafts in the order of loading: whatever a draft refers to comes
    earlier. A draft has the keys `identifier`, `title`, `properties`, `relations` and, where the
    blueprint owns its teams, `team`. `shift` is what was added to every time in the files.
    """

    entities: dict[str, list[Draft]]
    users: tuple[DemoUser, ...]
    shift: timedelta


def read_demo(now: datetime) -> DemoData:
    """Read the demo, moved in time by one constant so that the newest event happened at `now`.

    Times have whole seconds, so the newest one is `now` without its fraction: nothing in the demo
    lies in the future.
    """
    kinds = ("services", "deployments", "pull_requests", "incidents")
    rows = {kind: list(_rows(kind)) for kind in kinds}
    shift = now.astimezone(UTC).replace(microsecond=0) - _newest(rows)
    for row in (row for kind in kinds for row in rows[kind]):
        _move(row, shift=shift)
    versions = {row["identifier"]: row["version"] for row in rows["deployments"]}
    users = _users()
    entities = {
        "_team": [_team(entry) for entry in read_yaml(FOLDER / "teams.yaml")],
        "_user": [_user(user) for user in users],
        "service": [_service(row) for row in rows["services"]],
        "deployment": [_deployment(row) for row in rows["deployments"]],
        "pull_request": [_pull_request(row) for row in rows["pull_requests"]],
        "incident": [_incident(row, versions=versions) for row in rows["incidents"]],
    }
    return DemoData(entities=entities, users=users, shift=shift)


def _rows(kind: str) -> Iterator[Row]:
    with (FOLDER / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _newest(rows: dict[str, list[Row]]) -> datetime:
    every = (row.get(key) for kind in rows.values() for row in kind for key in TIME_KEYS)
    # All times are written alike, in UTC, so the last one in the alphabet is the newest.
    return datetime.fromisoformat(max(time for time in every if time))


def _move(row: Row, *, shift: timedelta) -> None:
    for key in TIME_KEYS:
        if row.get(key):
            moved = datetime.fromisoformat(row[key]) + shift
            row[key] = moved.strftime("%Y-%m-%dT%H:%M:%SZ")


def _users() -> tuple[DemoUser, ...]:
    entries = read_yaml(FOLDER / "users.yaml")
    return tuple(DemoUser(**{**entry, "teams": tuple(entry["teams"])}) for entry in entries)


def _properties(row: Row, names: dict[str, str]) -> dict[str, Any]:
    """Return the row's values under our names; what is null was not found and is left out."""
    return {ours: row[theirs] for theirs, ours in names.items() if row[theirs] is not None}


def _team(entry: Row) -> Draft:
    return {
        "identifier": entry["identifier"],
        "title": entry["title"],
        "properties": {"type": "team"},
        "relations": {},
    }


def _user(user: DemoUser) -> Draft:
    return {
        "identifier": user.email.lower(),
        "title": f"{user.first_name} {user.last_name}",
        "properties": {},
        "relations": {},
        "team": list(user.teams),
    }


def _service(row: Row) -> Draft:
    url = f"https://{row['repository']}"
    described = {
        "url": url,
        "languages": [row["language"]],
        "links": list(_links(row, url)),
        "contacts": list(_contacts(row, url)),
    }
    return {
        "identifier": row["identifier"],
        "title": row["title"],
        "properties": described | _properties(row, SERVICE_PROPERTIES),
        "relations": {},
        "team": [row["organization"]],
    }


def _links(row: Row, url: str) -> Iterator[dict[str, str]]:
    """Yield where to read on: the repository, and what was found in it to be read."""
    yield {"name": "Repository", "type": "repo", "url": url}
    for key, name, type_ in LINKED_FILES:
        if row[key]:
            yield {"name": name, "type": type_, "url": f"{url}/blob/HEAD/{row[key]}"}


def _contacts(row: Row, url: str) -> Iterator[dict[str, str]]:
    """Yield whom to ask, as far as a file in the repository says so; none is an answer too."""
    for key, name, type_ in CONTACT_FILES:
        if row[key]:
            yield {"name": name, "type": type_, "contact": f"{url}/blob/HEAD/{row[key]}"}


def _deployment(row: Row) -> Draft:
    return {
        "identifier": row["identifier"],
        "title": f"{row['service']} {row['version']}",
        "properties": _properties(row, DEPLOYMENT_PROPERTIES),
        "relations": {"service": row["service"]},
    }


def _pull_request(row: Row) -> Draft:
    status = "merged" if row["merged_at"] else "open"
    # The file knows no other beginning of a pull request than its first commit.
    times = {"first_commit_at": row["created_at"]}
    return {
        "identifier": row["identifier"],
        "title": f"{row['service']} #{row['number']}",
        "properties": {"status": status} | times | _properties(row, PULL_REQUEST_PROPERTIES),
        "relations": {"service": row["service"], "deployment": row["deployment"]},
    }


def _incident(row: Row, *, versions: dict[str, str]) -> Draft:
    return {
        "identifier": row["identifier"],
        "title": f"{row['service']} {versions[row['caused_by']]} needed a hotfix",
        "properties": _properties(row, INCIDENT_PROPERTIES),
        "relations": {key: row[key] for key in ("service", "caused_by", "resolved_by")},
    }
