"""What can be set in a pack: the settings there are, and the parser of given ones. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.errors import Fault, Invalid
from scorecards.packs.thresholds import all_thresholds

Settings = dict[str, Any]

FOUR_KEYS = "four_keys"
OWN_MEASURES = "dora"


def as_text(value: Any) -> str:
    """Return a value as people write it: none, true, 2024, four_keys."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


@dataclass(frozen=True)
class Choice:
    """One of some values. `options` maps each to the words that a form shows for it."""

    options: Mapping[Any, str]

    @property
    def expected(self) -> str:
        """Return what a value must be, as an error says it."""
        return f"one of {', '.join(map(as_text, self.options))}"

    def accepts(self, value: Any) -> bool:
        """Say whether this is one of the values, and of its type: 2024.0 is not 2024."""
        return any(type(value) is type(option) and value == option for option in self.options)

    def from_text(self, text: str) -> Any:
        """Return the value that is written so, or the text where there is none."""
        return next((option for option in self.options if as_text(option) == text), text)


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds, which belong to it."""

    lowest: int
    highest: int

    @property
    def expected(self) -> str:
        """Return what a value must be, as an error says it."""
        return f"a whole number from {self.lowest} to {self.highest}"

    def accepts(self, value: Any) -> bool:
        """Say whether this is such a number. `true` is none."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and self.lowest <= value <= self.highest

    def from_text(self, text: str) -> Any:
        """Return the number that is written so, or the text where it is none."""
        try:
            return int(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class Flag:
    """True or false."""

    expected = "true or false"

    def accepts(self, value: Any) -> bool:
        """Say whether this is one of the two."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Setting:
    """One thing that can be set. `description` is what forms and commands say about it."""

    name: str
    title: str
    description: str
    default: Any
    kind: Choice | Whole | Flag


def settings_of(name: str) -> tuple[Setting, ...]:
    """Return the settings of a pack; most have none."""
    return _all_settings().get(name, ())


def parse_settings(name: str, values: Any) -> Settings:
    """Return all settings of a pack: the given ones, checked, and defaults for the others.

    >>> parse_settings("dora", {"minimum": 10})["minimum"]
    10

    Raises:
        Invalid: a setting is unknown, its value is none that it can have, or two contradict.
    """
    if not isinstance(values, Mapping):
        raise Invalid.at("", "must be an object")
    faults = [*_unknown(name, values), *_unacceptable(name, values)]
    if not faults:
        settings = {item.name: item.default for item in settings_of(name)} | dict(values)
        faults = list(_contradictions(settings))
    if faults:
        raise Invalid(faults)
    return settings


def known_settings(name: str, stored: Mapping[str, Any]) -> Settings:
    """Return all settings of a pack as stored, unchecked; defaults where nothing is stored.

    What another version stored and this one does not know is left out.
    """
    return {item.name: stored.get(item.name, item.default) for item in settings_of(name)}


def merge_settings(name: str, stored: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Return all settings of a pack: the given ones, before those stored, before the defaults.

    Raises `Invalid` as `parse_settings` does.
    """
    return parse_settings(name, {**known_settings(name, stored), **given})


def _unknown(name: str, values: Mapping[str, Any]) -> Iterator[Fault]:
    known = [item.name for item in settings_of(name)]
    there_are = f"there are: {', '.join(known)}" if known else f"the pack '{name}' has no settings"
    for key in values:
        if key not in known:
            yield Fault(str(key), f"there is no such setting; {there_are}")


def _unacceptable(name: str, values: Mapping[str, Any]) -> Iterator[Fault]:
    for item in settings_of(name):
        if item.name in values and not item.kind.accepts(values[item.name]):
            message = f"must be {item.kind.expected}, not '{as_text(values[item.name])}'"
            yield Fault(item.name, message)


def _contradictions(settings: Settings) -> Iterator[Fault]:
    """Yield what asks for measures that are left out."""
    if settings.get("measures", True):
        return
    reason = "DORA's own measures, so these cannot be left out: switch 'measures' on, or choose"
    if settings["definitions"] == OWN_MEASURES:
        yield Fault("definitions", f"'{OWN_MEASURES}' reads {reason} {FOUR_KEYS}")
    if settings["thresholds"] is not None:
        yield Fault("thresholds", f"they grade {reason} none")


@cache
def _all_settings() -> dict[str, tuple[Setting, ...]]:
    return {"dora": _settings_of_dora()}


def _settings_of_dora() -> tuple[Setting, ...]:
    years = {year: f"{year}: {table.report}" for year, table in all_thresholds().items()}
    return (
        Setting(
            name="definitions",
            title="Definitions",
            description="Which numbers the scorecards dora_* and team_dora_* and the tiers go by: "
            "the four keys, most of them over all time, or DORA's own measures of the last 30 "
            "days.",
            default=FOUR_KEYS,
            kind=Choice({FOUR_KEYS: "The four keys", OWN_MEASURES: "DORA's own measures"}),
        ),
        Setting(
            name="thresholds",
            title="Official thresholds",
            description="The year of the report whose clusters also grade DORA's own measures, in "
            "scorecards beside the others. Going back to none deletes these.",
            default=None,
            kind=Choice({None: "None", **years}),
        ),
        Setting(
            name="minimum",
            title="Smallest sample",
            description="Of fewer events DORA's own rates and medians are left empty, with the "
            "note that there is not enough data.",
            default=5,
            kind=Whole(1, 1000),
        ),
        Setting(
            name="attribution_hours",
            title="Hours of attribution",
            description="For how many hours after a deployment an incident that names no cause may "
            "still be attributed to it. 0: not at all.",
            default=24,
            kind=Whole(0, 720),
        ),
        Setting(
            name="measures",
            title="DORA's own measures",
            description="Whether DORA's own measures stand beside the four keys. They cost every "
            "deployment, pull request and incident a little. Once installed, they are not taken "
            "away.",
            default=True,
            kind=Flag(),
        ),
    )
