"""A site that is served, and an unchanged exporter of the vendor's framework that writes to it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.compat.environment import CLIENTS, ocean_python

# Of one resync, on a machine that has other things to do.
PATIENCE = 120  # seconds


@dataclass
class Api:
    """A client of a served site, with the credential of the exporter."""

    address: str
    client_id: str
    client_secret: str = field(repr=False)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON object of an answer that went well; `path` starts below ``/v1``."""
        answer = requests.request(
            method,
            f"{self.address}/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token()}", "User-Agent": "person/1"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def _token(self) -> str:
        pair = {"clientId": self.client_id, "clientSecret": self.client_secret}
        answer = requests.post(f"{self.address}/v1/auth/access_token", json=pair, timeout=30)
        return answer.json()["accessToken"]

    def entities(self, blueprint: str) -> dict[str, dict[str, Any]]:
        """Return the entities of a blueprint by identifier."""
        rows = self.send("GET", f"/blueprints/{blueprint}/entities")["entities"]
        return {row["identifier"]: row for row in rows}

    def integration(self, identifier: str) -> dict[str, Any]:
        """Return the object of an integration."""
        return self.send("GET", f"/integration/{identifier}")["integration"]


@dataclass
class Exporter:
    """A copy of the exporter in `clients`, which reads a catalog from a file of its own."""

    directory: Path
    api: Api
    identifier: str = "json-catalog-1"
    resources: str = ".port/resources"

    @classmethod
    def in_directory(cls, directory: Path, api: Api, **parts: str) -> "Exporter":
        """Copy the exporter, so that nothing is written where it comes from."""
        shutil.copytree(CLIENTS, directory, copy_function=shutil.copyfile)
        # The modes of directories come along.
        for path in (directory, *(path for path in directory.rglob("*") if path.is_dir())):
            path.chmod(0o755)
        return cls(directory=directory, api=api, **parts)

    def catalog(self, name: str) -> Path:
        """Return the file of a catalog, which is read again at every resync."""
        return self.directory / "ocean-json-catalog" / "data" / name

    def run(self, catalog: str) -> str:
        """Resync once and return what was printed; the exporter exits with 0 even if it failed."""
        done = subprocess.run(
            self._command(),
            env=self._environment(catalog=f"data/{catalog}"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return done.stdout + done.stderr

    @contextmanager
    def polling(self, catalog: str) -> Iterator[Path]:
        """Let the exporter ask every second whether somebody wants a resync; yield its log."""
        log = self.directory / "polling.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                self._command(),
                env=self._environment(catalog=f"data/{catalog}", LISTENER="POLLING", INTERVAL="1"),
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield log
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _command(self) -> list[str]:
        return ["bash", str(self.directory / "run_ocean_json.sh")]

    def _environment(self, *, catalog: str, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "BASE_URL": self.api.address,
            "CLIENT_ID": self.api.client_id,
            "CLIENT_SECRET": self.api.client_secret,
            "OCEAN_PYTHON": str(ocean_python()),
            "CATALOG": catalog,
            "RESOURCES": self.resources,
            "INTEGRATION_ID": self.identifier,
            "APP_PORT": str(_free_port()),
            **more,
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_so: Callable[[], bool], *, what: str) -> None:
    """Wait for something to become so; fails in words where it does not."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.3)
