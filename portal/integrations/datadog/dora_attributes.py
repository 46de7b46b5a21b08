"""Reading the attributes of a delivery event, with every fault that they have. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.errors import Fault, Invalid
from portal.integrations.datadog.dora_moments import moment_of
from portal.integrations.datadog.dora_names import service_identifier

_MAX_TAGS = 100
_MAX_SERVICES = 100
_ID = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
_SHA = re.compile(r"[a-fA-F0-9]{40,200}")
_MAX_TEXT = 200
_MAX_URL = 2_000


def required(name: str) -> Invalid:
    """Return the refusal of a body without an attribute, in the words that clients know."""
    return Invalid([Fault("", f'attribute "{name}" is required')])


@dataclass
class Attributes:
    """Attributes that are being read; a null is what was not sent. Faults are collected."""

    raw: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def refuse_faults(self) -> None:
        """Raise `Invalid` with every fault so far, if there is one."""
        if self.faults:
            raise Invalid(self.faults)

    def text(self, name: str, *, longest: int = _MAX_TEXT, is_required: bool = False) -> str | None:
        """Return a text; None where there is none."""
        value = self.raw.get(name)
        if value is None or value == "":
            if is_required:
                self.faults.extend(required(name).faults)
            return None
        if not isinstance(value, str) or len(value) > longest:
            self.faults.append(Fault(name, f"give a text of at most {longest:,} characters"))
            return None
        return value

    def texts_of(self, *names: str) -> dict[str, Any]:
        """Return the texts of these names that were sent."""
        found = {name: self.text(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def moment(self, name: str, *, is_required: bool = False) -> Any:
        """Return a moment; None where there is none."""
        value = self.raw.get(name)
        if value is None:
            if is_required:
                self.faults.extend(required(name).faults)
            return None
        try:
            return moment_of(value, path=name)
        except Invalid as error:
            self.faults.extend(error.faults)
            return None

    def require_order(self, started_at: datetime | None, finished_at: datetime | None) -> None:
        """Require that the end is not before the beginning."""
        if started_at is not None and finished_at is not None and finished_at < started_at:
            self.faults.append(Fault("finished_at", "is before started_at"))

    def id(self) -> str | None:
        """Return the id that the sender gave; None where the server is to make one."""
        value = self.raw.get("id")
        if value is None or (isinstance(value, str) and _ID.fullmatch(value)):
            return value
        self.faults.append(
            Fault("id", "give 16 to 128 letters, digits and - _ . : only, or leave it out")
        )
        return None

    def service(self, value: Any, *, path: str, is_required: bool = False) -> str | None:
        """Return the identifier of the service that a value names."""
        if value is None and is_required:
            self.faults.extend(required(path).faults)
            return None
        if not isinstance(value, str) or not 0 < len(value.strip()) <= _MAX_TEXT:
            message = f"give the name of a service of at most {_MAX_TEXT} characters"
            self.faults.append(Fault(path, message))
            return None
        return service_identifier(value.strip())

    def services(self) -> list[str]:
        """Return the identifiers of all services that are named, each once."""
        value = self.raw.get("services")
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > _MAX_SERVICES:
            self.faults.append(Fault("services", f"give a list of at most {_MAX_SERVICES} names"))
            return []
        found = [self.service(item, path=f"services[{index}]") for index, item in enumerate(value)]
        return list(dict.fromkeys(filter(None, found)))

    def shared(self) -> dict[str, Any]:
        """Return what deployments and failures have alike, as properties."""
        return self.texts_of("env", "version", "team") | self._tags() | self._git()

    def _tags(self) -> dict[str, Any]:
        value = self.raw.get("custom_tags")
        if value is None:
            return {}
        if not isinstance(value, list) or len(value) > _MAX_TAGS:
            message = f'give a list of at most {_MAX_TAGS} texts of the form "key:value"'
            self.faults.append(Fault("custom_tags", message))
            return {}
        for index, tag in enumerate(value):
            if not isinstance(tag, str) or len(tag) > _MAX_TEXT or not all(tag.partition(":")):
                message = f'give "key:value", at most {_MAX_TEXT} characters'
                self.faults.append(Fault(f"custom_tags[{index}]", message))
        return {"custom_tags": value}

    def _git(self) -> dict[str, Any]:
        value = self.raw.get("git")
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.faults.append(
                Fault("git", 'give an object with "commit_sha" and "repository_url"')
            )
            return {}
        inner = Attributes(value)
        sha = inner.text("commit_sha", is_required=True)
        repository = inner.text("repository_url", longest=_MAX_URL, is_required=True)
        if sha is not None and not _SHA.fullmatch(sha):
            inner.faults.append(Fault("commit_sha", "give at least 40 hexadecimal digits"))
        self.faults.extend(fault.under("git") if fault.path else fault for fault in inner.faults)
        return {"sha": sha, "repository": repository}
