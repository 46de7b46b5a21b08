"""What goes out: to the address that was vetted, within limits of time and size, and once."""

import gzip
import logging
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from django.test import override_settings

from portal.http import Answer, Outbound, Refused, Unreachable, post_json, send
from tests.unit.raw_server import RawServer, ok, raw_server, saying

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def own_server_allowed() -> Iterator[None]:
    with override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.1"]):
        yield


def get(server: RawServer, **limits: Any) -> Answer:
    return send(Outbound(method="GET", url=f"{server.url}/path?token={SECRET}", **limits))


def test_a_request_arrives_as_it_was_given() -> None:
    with raw_server(saying(ok(b"thanks", b"X-Id: 7"))) as server:
        answer = send(
            Outbound(
                method="POST",
                url=f"{server.url}/hook?a=1#part",
                headers={"X-Signature": "v1,abc", "accept": "text/plain"},
                body=b"\x00raw",
            )
        )
    assert server.requests == [
        b"POST /hook?a=1 HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"User-Agent: Tidemark/0.1.0\r\n"
        b"accept: text/plain\r\n"
        b"Accept-Encoding: identity\r\n"
        b"X-Signature: v1,abc\r\n"
        b"Content-Length: 4\r\n\r\n\x00raw" % server.port
    ]
    assert (answer.status, answer.body, answer.is_cut) == (200, b"thanks", False)
    assert (answer.headers["x-id"], answer.text, answer.is_success) == ("7", "thanks", True)
    assert 0 < answer.seconds < 5


def test_a_document_is_sent_as_json() -> None:
    with raw_server(saying(ok())) as server:
        post_json(f"{server.url}/", {"text": "ä", "n": [1, None]}, headers={"X-A": "b"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == '{"text": "ä", "n": [1, null]}'.encode()
    assert b"\r\nContent-Type: application/json\r\nX-A: b\r\n" in head


@pytest.mark.parametrize("status", [b"204 No Content", b"400 Bad Request", b"503 Busy"])
def test_every_status_is_an_answer(status: bytes) -> None:
    with raw_server(saying(ok(status=status))) as server:
        answer = get(server)
    assert (answer.status, answer.is_success) == (int(status[:3]), status.startswith(b"2"))
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    with (
        raw_server(saying(ok(b"inner"))) as inner,
        raw_server(
            saying(ok(b"", b"Location: " + inner.url.encode(), status=b"302 Found"))
        ) as server,
    ):
        answer = get(server)
    assert (answer.status, answer.headers["location"]) == (302, inner.url)
    assert inner.requests == []


def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with raw_server(saying(ok())) as server:
        assert get(server).status == 200
    assert b"authorization" not in server.requests[0].lower()


Lookup = Callable[..., list[Any]]


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names lead to these addresses, one answer per lookup; return the names looked up."""
    real, looked_up = socket.getaddrinfo, []

    def getaddrinfo(host: str, port: int, *args: Any, flags: int = 0, **kwargs: Any) -> list[Any]:
        if flags & socket.AI_NUMERICHOST:
            return real(host, port, *args, flags=flags, **kwargs)
        addresses = answers[min(len(looked_up), len(answers) - 1)]
        looked_up.append(host)
        return [found for item in addresses for found in real(item, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


def test_a_name_is_looked_up_once_and_the_vetted_address_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with raw_server(saying(ok(b"first"))) as server:
        url = f"http://hooks.example.com:{server.port}/"
        assert send(Outbound(method="GET", url=url)).body == b"first"
        with pytest.raises(Refused):
            send(Outbound(method="GET", url=url))
    assert looked_up == ["hooks.example.com", "hooks.example.com"]
    assert f"Host: hooks.example.com:{server.port}".encode() in server.requests[0]


def test_a_name_that_turns_inward_after_it_was_vetted_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up = resolving(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    with (
        override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.2"]),
        raw_server(saying(ok())) as server,
        pytest.raises(Unreachable, match="Connection refused"),
    ):
        send(Outbound(method="GET", url=f"http://rebind.example.com:{server.port}/"))
    assert (looked_up, server.requests) == (["rebind.example.com"], [])


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["fe80::1"], ["::ffff:10.0.0.1"]]
)
@pytest.mark.parametrize("host", ["hooks.example.com", "localhost.", "127.0.0.1.example.com"])
def test_a_name_is_refused_where_any_of_its_addresses_is_not_allowed(
    host: str, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, addresses)
    with raw_server(saying(ok())) as server, pytest.raises(Refused, match=f"^{host} may not"):
        send(Outbound(method="GET", url=f"http://{host}:{server.port}/"))
    assert server.requests == []


def test_a_name_that_the_setting_allows_may_lead_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    with (
        override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["ci.corp.example"]),
        raw_server(saying(ok(b"built"))) as server,
    ):
        url = f"http://CI.corp.example.:{server.port}/"
        assert send(Outbound(method="GET", url=url)).body == b"built"
    assert f"Host: ci.corp.example:{server.port}\r\n".encode() in server.requests[0]


def test_the_next_address_is_tried_where_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    with (
        override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.0/8"]),
        raw_server(saying(ok(b"second"))) as server,
    ):
        url = f"http://hooks.example.com:{server.port}/"
        assert send(Outbound(method="GET", url=url)).body == b"second"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example.com"])
def test_a_name_that_leads_nowhere_is_unreachable(host: str) -> None:
    with pytest.raises(Unreachable) as unreachable:
        send(Outbound(method="GET", url=f"http://{host}/"))
    assert str(unreachable.value) == f"{host} cannot be found: its name leads nowhere."
    assert not unreachable.value.was_sent


def dripping(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def behaviour(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(drop)

    return behaviour


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b"H"),
        (HEAD, b"X"),
        (HEAD, b"X-Drop: 1\r\n"),
        (HEAD + b"\r\n", b"x"),
        (HEAD + b"Content-Length: 5000\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_in_ends_at_the_deadline(first: bytes, drop: bytes) -> None:
    started_at = time.monotonic()
    with raw_server(dripping(first, drop)) as server:
        with pytest.raises(Unreachable, match="^127.0.0.1 gave no complete answer in time.$"):
            get(server, deadline=0.4, read_timeout=0.3)
        assert time.monotonic() - started_at < 2


def test_silence_ends_at_the_read_timeout() -> None:
    started_at = time.monotonic()
    with raw_server(lambda connection: time.sleep(2)) as server:
        with pytest.raises(Unreachable, match="gave no complete answer in time") as unreachable:
            get(server, read_timeout=0.2)
        assert time.monotonic() - started_at < 1.8
    assert unreachable.value.was_sent


def test_a_host_that_does_not_read_ends_at_the_deadline() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    request = Outbound(
        method="POST",
        url=f"http://127.0.0.1:{listener.getsockname()[1]}/",
        body=bytes(50_000_000),
        connect_timeout=0.1,
        deadline=0.6,
    )
    started_at = time.monotonic()
    with listener, pytest.raises(Unreachable, match="in time"):
        send(request)
    assert 0.5 < time.monotonic() - started_at < 2


def test_a_host_that_accepts_no_connection_ends_at_the_connect_timeout() -> None:
    started_at = time.monotonic()
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    address = listener.getsockname()
    # Fill the queue of those who wait to be accepted: the next gets no answer at all.
    waiting = [socket.socket() for _ in range(3)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(address)
    with listener, pytest.raises(Unreachable) as unreachable:
        send(Outbound(method="GET", url=f"http://127.0.0.1:{address[1]}/", connect_timeout=0.3))
    for one in waiting:
        one.close()
    assert str(unreachable.value) == "127.0.0.1 did not accept a connection in time."
    assert time.monotonic() - started_at < 2


def endless(first: bytes, part: bytes) -> Callable[[socket.socket], None]:
    def behaviour(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(100_000):
            connection.sendall(part)

    return behaviour


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(HEAD + b"\r\n", b"x" * 65536),
        endless(HEAD + b"Content-Length: 999999999999\r\n\r\n", b"x" * 65536),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n" * 9999),
    ],
)
def test_an_endless_body_is_cut_at_the_limit_and_says_so(
    behaviour: Callable[[socket.socket], None],
) -> None:
    with raw_server(behaviour) as server:
        answer = get(server)
    assert (answer.body, answer.is_cut) == (b"x" * 1024 * 1024, True)


@pytest.mark.parametrize(("size", "is_cut"), [(9, False), (10, False), (11, True)])
def test_a_body_of_just_the_limit_is_whole(size: int, is_cut: bool) -> None:
    with raw_server(saying(ok(b"x" * size))) as server:
        answer = get(server, body_limit=10)
    assert (answer.body, answer.is_cut) == (b"x" * min(size, 10), is_cut)


def test_a_compressed_body_is_limited_by_what_comes_out_of_it() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with raw_server(saying(ok(bomb, b"Content-Encoding: gzip"))) as server:
        answer = get(server)
    assert (answer.body, answer.is_cut) == (bytes(1024 * 1024), True)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9\r\n", "did not answer in HTTP"),
        (HEAD + b"X: y\r\n" * 101 + b"\r\n", "answered with too many or too long headers"),
        (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "answered with too many or too long headers"),
        (HEAD + b"Content-Length: 9\r\n\r\nxx", "broke off in the middle of its answer"),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "broke off in the middle of its answer",
        ),
        (
            HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip at all",
            "sent a body that cannot be decompressed",
        ),
    ],
)
def test_what_is_no_proper_answer_is_unreachable_for_a_reason(said: bytes, reason: str) -> None:
    with raw_server(saying(said)) as server, pytest.raises(Unreachable) as unreachable:
        get(server)
    assert str(unreachable.value) == f"127.0.0.1 {reason}."


def test_a_port_where_nobody_listens_is_unreachable(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as unreachable:
        send(Outbound(method="GET", url=f"http://127.0.0.1:{port}/"))
    assert str(unreachable.value) == "127.0.0.1 cannot be connected to: Connection refused."
    assert not unreachable.value.was_sent
    assert caplog.messages == [f"GET {unreachable.value}"]


NAME = "The name of a header may hold letters, digits and hyphens only."
VALUE = "The value of the header X-A has to be one line of Latin-1 text."


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X A": "b"}, NAME),
        ({"": "b"}, NAME),
        ({"X-A:": "b"}, NAME),
        ({"X-A": "b\r\nX-B: c"}, VALUE),
        ({"X-A": "b\n"}, VALUE),
        ({"X-A": "\x00"}, VALUE),
        ({"X-A": "\N{SNOWMAN}"}, VALUE),
        ({"host": "inner"}, "The header host cannot be set; leave it out."),
        ({"Content-Length": "0"}, "The header Content-Length cannot be set; leave it out."),
        (
            {"Transfer-Encoding": "chunked"},
            "The header Transfer-Encoding cannot be set; leave it out.",
        ),
    ],
)
def test_headers_that_would_break_the_message_are_refused(
    headers: dict[str, str], message: str
) -> None:
    with pytest.raises(Refused) as refused:
        send(Outbound(method="POST", url="https://example.com/", headers=headers))
    assert str(refused.value) == message


def test_a_header_of_latin_text_is_sent() -> None:
    with raw_server(saying(ok())) as server:
        get(server, headers={"X-A": "grün\tx", "User-Agent": "curl"})
    assert b"\r\nX-A: gr\xfcn\tx\r\n" in server.requests[0]
    assert b"\r\nUser-Agent: curl\r\n" in server.requests[0]


@pytest.mark.parametrize("method", ["CONNECT", "get", "GET /\r\nX: y", ""])
def test_a_method_that_is_none_is_refused(method: str) -> None:
    with pytest.raises(Refused) as refused:
        send(Outbound(method=method, url="https://example.com/"))
    assert str(refused.value) == (
        "The method has to be one of DELETE, GET, HEAD, PATCH, POST, PUT."
    )


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds waited between tries, which take no time here."""
    waited: list[float] = []
    monkeypatch.setattr("portal.http.sending.sleep", waited.append)
    return waited


def busy(status: bytes, *headers: bytes) -> Callable[[socket.socket], None]:
    return saying(ok(b"", *headers, status=status))


def test_nothing_is_repeated_unless_asked_for(waits: list[float]) -> None:
    with raw_server(busy(b"503 Busy"), saying(ok())) as server:
        assert get(server).status == 503
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize("status", [b"429 Slow", b"502 Bad", b"503 Busy", b"504 Late"])
def test_what_is_busy_is_asked_again(status: bytes, waits: list[float]) -> None:
    with raw_server(busy(status), busy(status), saying(ok())) as server:
        assert get(server, retries=2).status == 200
    assert (len(server.requests), waits) == (3, [0.5, 1.0])


def test_the_last_try_gives_its_answer(waits: list[float]) -> None:
    with raw_server(busy(b"503 Busy")) as server:
        assert get(server, retries=2).status == 503
    assert (len(server.requests), len(waits)) == (3, 2)


@pytest.mark.parametrize("status", [b"200 OK", b"404 Gone", b"500 Broken", b"301 Moved"])
def test_any_other_answer_is_not_asked_for_again(status: bytes, waits: list[float]) -> None:
    with raw_server(busy(status)) as server:
        assert get(server, retries=3).status == int(status[:3])
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        (b"3", [3]),
        (b"0", [0.5]),
        (b"soon", [0.5]),
        (b"-1", [0.5]),
        (b"Thu, 01 Jan 1970 00:00:00 GMT", [0.5]),
        (b"9" * 5000, [0.5]),
        (b"20", []),
        (b"Fri, 01 Jan 2100 00:00:00 GMT", []),
    ],
)
def test_the_wait_is_what_the_answer_asks_for_if_the_deadline_allows(
    header: bytes, waited: list[float], waits: list[float]
) -> None:
    with raw_server(busy(b"429 Slow", b"Retry-After: " + header), saying(ok())) as server:
        answer = get(server, retries=1, deadline=10)
    assert (waits, answer.status) == (waited, 200 if waited else 429)


def test_no_connection_is_tried_again_and_a_lost_answer_is_not(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        post_json(f"http://127.0.0.1:{port}/", {}, retries=2)
    assert waits == [0.5, 1.0]
    with raw_server(saying(b"")) as server, pytest.raises(Unreachable, match="closed"):
        post_json(server.url, {}, retries=2)
    assert (len(server.requests), len(waits)) == (1, 2)


def test_the_secrets_of_a_url_are_in_no_message_and_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with raw_server(saying(ok(b"", b"Broken header")), saying(b""), saying(b"nonsense")) as server:
        url = f"{server.url}/{SECRET}?token={SECRET}"
        headers = {"Authorization": SECRET}
        request = Outbound(method="POST", url=url, headers=headers, body=SECRET.encode())
        shown = [repr(request), repr(send(request))]
        for bad_url in (url, url, f"http://{SECRET}@x.example", SECRET):
            with pytest.raises((Refused, Unreachable)) as error:
                send(Outbound(method="GET", url=bad_url))
            shown += traceback.format_exception(error.value)
    assert SECRET not in "".join([*shown, caplog.text])
    assert caplog.messages[0].startswith("POST 127.0.0.1: 200 in ")


@responses.activate
def test_a_faked_answer_needs_no_network() -> None:
    responses.add("POST", "https://hooks.example.com/x", json={"ok": True}, status=201)
    answer = post_json("https://hooks.example.com/x", {"a": 1})
    assert (answer.status, answer.body) == (201, b'{"ok": true}')
