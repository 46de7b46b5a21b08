"""Signatures agree with published examples and with another implementation, and forgive little."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.signatures import Algorithm, hmac_signature, timestamped_signature, verify

SHA1, SHA256, PLAIN = Algorithm


@pytest.mark.parametrize(
    ("algorithm", "secret", "body", "signature"),
    [
        # RFC 2202 and RFC 4231, the second example of each.
        (SHA1, "Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            SHA256,
            "Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        # The example in GitHub's documentation of webhooks.
        (
            SHA256,
            "It's a Secret to Everybody",
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (PLAIN, "hunter2", b"whatever", "hunter2"),
    ],
)
def test_a_signature_is_the_published_one(
    algorithm: Algorithm, secret: str, body: bytes, signature: str
) -> None:
    assert hmac_signature(secret=secret, body=body, algorithm=algorithm) == signature
    assert verify(secret=secret, body=body, header_value=signature, algorithm=algorithm)


BODY = b'{"a": "\xc3\xa4"}'
HEX1 = hmac.new(b"key", BODY, "sha1").hexdigest()
HEX256 = hmac.new(b"key", BODY, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("algorithm", "prefix", "header_value", "is_good"),
    [
        (SHA256, "", HEX256, True),
        (SHA256, "", HEX256.upper(), True),
        (SHA256, "", f" {HEX256} ", True),
        (SHA256, "sha256=", f"sha256={HEX256}", True),
        (SHA256, "sha256=", f"sha256={HEX256.upper()}", True),
        (SHA256, "SHA=", f"SHA={HEX256}", True),
        (SHA256, "sha256=", HEX256, False),
        (SHA256, "sha256=", f"SHA256={HEX256}", False),
        (SHA256, "sha256=", f"sha256=sha256={HEX256}", False),
        (SHA256, "", f"sha256={HEX256}", False),
        (SHA256, "", HEX1, False),
        (SHA256, "", HEX256[:-1], False),
        (SHA256, "", HEX256 + "0", False),
        (SHA256, "", "0" * 64, False),
        (SHA256, "", "key", False),
        (SHA256, "", "", False),
        (SHA256, "", None, False),
        (SHA256, "", "ä\N{SNOWMAN}\udcff\x00", False),
        (SHA1, "", HEX1, True),
        (SHA1, "sha1=", f"sha1={HEX1.upper()}", True),
        (SHA1, "", HEX256, False),
        (PLAIN, "", "key", True),
        (PLAIN, "Bearer ", "Bearer key", True),
        (PLAIN, "", "KEY", False),
        (PLAIN, "", "key2", False),
        (PLAIN, "Bearer ", "key", False),
        (PLAIN, "", None, False),
    ],
)
def test_a_header_verifies_or_not(
    algorithm: Algorithm, prefix: str, header_value: str | None, is_good: bool
) -> None:
    found = verify(
        secret="key", body=BODY, header_value=header_value, algorithm=algorithm, prefix=prefix
    )
    assert found is is_good


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_empty_secret_verifies_nothing(algorithm: Algorithm) -> None:
    signature = hmac_signature(secret="", body=BODY, algorithm=algorithm)
    assert not verify(secret="", body=BODY, header_value=signature, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", [SHA1, SHA256])
def test_another_body_or_another_secret_does_not_verify(algorithm: Algorithm) -> None:
    signature = hmac_signature(secret="key", body=BODY, algorithm=algorithm)
    for secret, body in (("key", BODY + b" "), ("Key", BODY), ("key", b"")):
        assert not verify(secret=secret, body=body, header_value=signature, algorithm=algorithm)


def test_a_secret_beyond_ascii_arrives_as_its_bytes() -> None:
    as_wsgi_gives_it = "schlüssel".encode().decode("latin-1")
    assert verify(
        secret="schlüssel", body=b"", header_value=as_wsgi_gives_it, algorithm=Algorithm.PLAIN
    )


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.binary(), st.text())
def test_nothing_that_is_sent_makes_it_fail(secret: str, body: bytes, sent: str) -> None:
    for algorithm in (SHA1, SHA256):
        signature = hmac_signature(secret=secret, body=body, algorithm=algorithm)
        assert verify(secret=secret, body=body, header_value=signature, algorithm=algorithm)
        assert not verify(secret=secret, body=body, header_value=sent, algorithm=algorithm)


def test_an_algorithm_is_found_by_its_name() -> None:
    assert [Algorithm(name) for name in ("sha1", "sha256", "plain")] == [SHA1, SHA256, PLAIN]
    with pytest.raises(ValueError, match="md5"):
        Algorithm("md5")


# Each from: printf '<timestamp>.<body>' | openssl dgst -sha256 -hmac '<secret>' -binary | base64
@pytest.mark.parametrize(
    ("secret", "body", "timestamp", "signature"),
    [
        (
            "client-secret",
            b'{"a":1}',
            1_700_000_000,
            "v1,F/w/poXF7mWKkZiR1hJZEZne7jtLtwvOpQRq64o2vpI=",
        ),
        ("geheim-ü", b"", 1_700_000_000, "v1,uFniDH072/Egv8EmhCS2NUEeavL9HZTTOwRdKw7AYZE="),
        ("k", b"\x00\xff", 0, "v1,+Kcma0gR49RpRAqhRWnvfm91EVbv98HATtivKjAVRqw="),
    ],
)
def test_what_we_send_is_signed_with_its_timestamp(
    secret: str, body: bytes, timestamp: int, signature: str
) -> None:
    assert timestamped_signature(secret=secret, body=body, timestamp=timestamp) == signature
