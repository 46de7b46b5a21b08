"""Where the exporters' own framework is, which needs a newer Python than this project.

`python -m tests.compat.environment` installs it beside the checkout and prints its interpreter.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).with_name("clients")
REQUIREMENT = "port-ocean[cli]==0.55.4"
VENV = ROOT / ".venv-ocean"
VARIABLE = "TIDEMARK_OCEAN_PYTHON"
_VERSIONS = ("3.12", "3.13", "3.14")
_IS_NEW_ENOUGH = "import sys, venv; assert sys.version_info >= (3, 12)"


@cache
def ocean_python() -> str | None:
    """Return a Python that has the framework: the one that is named, or that of `install`."""
    named = os.environ.get(VARIABLE)
    python = named or str(VENV / "bin" / "python")
    return python if _runs(python, "import port_ocean") else None


def missing_ocean() -> str | None:
    """Return why the exporters' framework cannot be run here, or None."""
    if ocean_python() is None:
        return f"port-ocean is missing: run python -m tests.compat.environment, or set {VARIABLE}"
    return None


def _pythons() -> Iterator[str]:
    """Yield the interpreters that may be new enough; some may only seem to be there."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield sys.executable
    for version in _VERSIONS:
        if found := shutil.which(f"python{version}"):
            yield found
        yield from (str(path) for path in sorted(pyenv.glob(f"{version}*/bin/python{version}")))


def _runs(python: str, program: str) -> bool:
    try:
        subprocess.run([python, "-c", program], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def install() -> str:
    """Install the framework where it is not, and return its interpreter."""
    python = ocean_python()
    if python is not None:
        return python
    found = next((path for path in _pythons() if _runs(path, _IS_NEW_ENOUGH)), None)
    if found is None:
        raise SystemExit("There is no Python 3.12 or newer on this machine.")
    subprocess.run([found, "-m", "venv", "--clear", str(VENV)], check=True)
    python = str(VENV / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--quiet", REQUIREMENT], check=True)
    return python


if __name__ == "__main__":
    sys.stdout.write(f"{install()}\n")
