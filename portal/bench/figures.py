"""What every benchmark gives."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figures:
    """What one run measured; each benchmark says what that is."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures for `--json`."""
        return asdict(self)

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        raise NotImplementedError

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        raise NotImplementedError
