"""The vendor's own payloads, where they lie beside the repository; they are no part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "port"
NAMES = ("_team", "deployment", "githubPullRequest", "pagerdutyIncident", "service")


def blueprints() -> list[dict[str, Any]]:
    """Return the five blueprints, in the order of their names; skips without them."""
    folder = FIXTURES / "blueprints"
    if not folder.is_dir():
        pytest.skip("the vendor's payloads are not here")
    return [json.loads((folder / f"{name}.json").read_text()) for name in NAMES]
