"""The locked versions: pinned, hashed, in agreement, and none that nobody needs.

What of them is known to be vulnerable changes by the day: `make audit` asks a server for that.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SERVER = ("postgres", "redis", "sso")
EXTRAS = {
    "requirements.txt": (),
    "requirements-server.txt": SERVER,
    "requirements-dev.txt": (*SERVER, "test"),
}
HASHES = re.compile(r"(?: --hash=sha256:[0-9a-f]{64})+")

Lock = dict[str, Requirement]


def lines_of(name: str) -> list[str]:
    """Return the lines of a lock, one for each requirement."""
    text = re.sub(r"\s*\\\n\s*", " ", (ROOT / name).read_text())
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def read_lock(name: str) -> Lock:
    """Return what is locked on this machine, by name."""
    found = [Requirement(line.partition(" --hash")[0]) for line in lines_of(name)]
    return {canonicalize_name(item.name): item for item in found if applies(item)}


def version_of(item: Requirement) -> str:
    (pin,) = item.specifier
    return pin.version


def declared(name: str) -> list[Requirement]:
    """Return what the project asks for by itself where a lock is installed."""
    lists = [PROJECT["optional-dependencies"][extra] for extra in EXTRAS[name]]
    return [Requirement(text) for text in sum(lists, PROJECT["dependencies"])]


def applies(item: Requirement, extras: Iterable[str] = ("",)) -> bool:
    return item.marker is None or any(item.marker.evaluate({"extra": extra}) for extra in extras)


def needed(roots: Iterable[Requirement]) -> Iterator[tuple[str, Requirement]]:
    """Yield who needs what on this machine, as what is installed says of itself."""
    ahead, seen = [("the project", item) for item in roots], set()
    while ahead:
        who, item = ahead.pop()
        yield who, item
        asked = (canonicalize_name(item.name), frozenset(item.extras))
        if asked not in seen:
            seen.add(asked)
            texts = metadata.distribution(item.name).requires or ()
            wanted = map(Requirement, texts)
            ahead += [(item.name, one) for one in wanted if applies(one, ("", *item.extras))]


@pytest.mark.parametrize("name", EXTRAS)
def test_everything_is_pinned_and_hashed(name: str) -> None:
    for line in lines_of(name):
        written, hashes = line.partition(" --hash")[::2]
        assert re.match(r"[\w.-]+(\[[\w, -]+\])?==[\w.+!-]+( ;|$)", written), line
        assert HASHES.fullmatch(f" --hash{hashes}"), line


def test_a_larger_lock_holds_the_smaller_ones() -> None:
    plain, server, dev = (
        {re.sub(r"^([\w.-]+)\[.*?\]", r"\1", line) for line in lines_of(name)} for name in EXTRAS
    )
    assert plain - server == set()
    assert server - dev == set()


@pytest.mark.parametrize("name", EXTRAS)
def test_what_is_locked_fits_what_everybody_asks_for(name: str) -> None:
    lock = read_lock(name)
    wrong = [
        f"{who} needs {item}, locked is {lock.get(canonicalize_name(item.name))}"
        for who, item in needed(declared(name))
        if (found := lock.get(canonicalize_name(item.name))) is None
        or not item.specifier.contains(version_of(found), prereleases=True)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", EXTRAS)
def test_nothing_is_locked_that_nobody_needs(name: str) -> None:
    asked = {canonicalize_name(item.name) for _, item in needed(declared(name))}
    assert read_lock(name).keys() - asked == set()
