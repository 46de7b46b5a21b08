"""Over HTTPS the certificate has to be that of the host's name, not of the address behind it."""

import socket
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from portal.http import Outbound, Unreachable, send
from portal.http.connections import tls_context
from tests.unit.raw_server import ok, raw_server, saying

SECRET = "s3cret"


def certificate(path: Path, *, name: str, days: int) -> Path:
    """Write a certificate that signs itself, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + builder.public_bytes(serialization.Encoding.PEM)
    )
    return path


def serving(path: Path, names: list[str | None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda stream, name, own: names.append(name)
    return context


@pytest.fixture
def names() -> list[str | None]:
    """Return the names that clients ask the server for."""
    return []


@pytest.fixture(autouse=True)
def everything_leads_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, flags: int = 0, **kwargs: Any) -> Any:
        here = host if flags & socket.AI_NUMERICHOST else "127.0.0.1"
        return real(here, port, *args, flags=flags, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    tls_context.cache_clear()
    with override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.1"]):
        yield
    tls_context.cache_clear()


def test_a_certificate_of_the_hosts_name_is_trusted_where_the_system_trusts_it(
    tmp_path: Path, names: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path / "own.pem", name="hooks.example.com", days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with raw_server(saying(ok(b"safe")), tls=serving(path, names)) as server:
        url = f"https://hooks.example.com:{server.port}/"
        assert send(Outbound(method="POST", url=url, body=b"x")).body == b"safe"
    assert names == ["hooks.example.com"]
    assert f"\r\nHost: hooks.example.com:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize(
    ("name", "days", "is_known", "reason"),
    [
        ("hooks.example.com", 10, False, "self-signed certificate"),
        ("hooks.example.com", -1, True, "certificate has expired"),
        (
            "other.example.com",
            10,
            True,
            "Hostname mismatch, certificate is not valid for 'hooks.example.com'",
        ),
    ],
)
def test_any_other_certificate_is_not(
    tmp_path: Path,
    names: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    days: int,
    is_known: bool,
    reason: str,
) -> None:
    path = certificate(tmp_path / "own.pem", name=name, days=days)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with (
        raw_server(saying(ok()), tls=serving(path, names)) as server,
        pytest.raises(Unreachable) as unreachable,
    ):
        send(Outbound(method="GET", url=f"https://hooks.example.com:{server.port}/?{SECRET}"))
    assert SECRET not in "".join(traceback.format_exception(unreachable.value))
    assert str(unreachable.value) == (
        f"hooks.example.com has a certificate that cannot be trusted: {reason}."
    )
    assert server.requests == []


def test_public_authorities_are_known_besides_those_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path / "own.pem", name="hooks.example.com", days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    subjects = [item["subject"] for item in tls_context().get_ca_certs()]
    assert ((("commonName", "hooks.example.com"),),) in subjects
    assert len(subjects) > 50


def test_a_host_that_speaks_plain_http_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with listener.accept()[0] as connection:
                connection.recv(5)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"https://hooks.example.com:{listener.getsockname()[1]}/"
        with pytest.raises(Unreachable) as unreachable:
            send(Outbound(method="GET", url=url))
        thread.join()
    assert str(unreachable.value) == (
        "hooks.example.com could not agree on an encrypted connection; perhaps it speaks plain "
        "HTTP."
    )


def test_an_encrypted_answer_that_drips_in_ends_at_the_deadline(
    tmp_path: Path, names: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path / "own.pem", name="hooks.example.com", days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    def drip(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            time.sleep(0.05)
            stream.sendall(b"x")

    started_at = time.monotonic()
    with raw_server(drip, tls=serving(path, names)) as server:
        url = f"https://hooks.example.com:{server.port}/"
        with pytest.raises(Unreachable, match="gave no complete answer in time"):
            send(Outbound(method="GET", url=url, deadline=0.5, read_timeout=0.4))
        assert time.monotonic() - started_at < 2


def test_a_host_that_reads_slowly_ends_at_the_deadline(
    tmp_path: Path, names: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path / "own.pem", name="hooks.example.com", days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    started_at = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        is_over = threading.Event()

        def listen() -> None:
            context = serving(path, names)
            with context.wrap_socket(listener.accept()[0], server_side=True) as stream:
                while not is_over.wait(0.1):
                    stream.recv(65536)

        thread = threading.Thread(target=listen)
        thread.start()
        url = f"https://hooks.example.com:{listener.getsockname()[1]}/"
        with pytest.raises(Unreachable, match="gave no complete answer in time"):
            send(Outbound(method="POST", url=url, body=bytes(50_000_000), deadline=0.5))
        is_over.set()
        thread.join()
    assert time.monotonic() - started_at < 3


def test_a_handshake_that_never_ends_ends_at_the_connect_timeout() -> None:
    started_at = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://hooks.example.com:{listener.getsockname()[1]}/"
        with pytest.raises(Unreachable, match="gave no complete answer in time"):
            send(Outbound(method="GET", url=url, connect_timeout=0.3))
    assert time.monotonic() - started_at < 2
