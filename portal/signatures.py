"""Signatures of webhooks: proof that a body comes from somebody who knows the secret."""

import hmac
from base64 import b64encode
from enum import StrEnum


class Algorithm(StrEnum):
    """How a body is signed. PLAIN is no signature: the secret itself is sent along."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    PLAIN = "plain"


def hmac_signature(*, secret: str, body: bytes, algorithm: Algorithm) -> str:
    """Return the signature in lower-case hex; for PLAIN the secret itself.

    >>> hmac_signature(secret="Jefe", body=b"what?", algorithm=Algorithm.SHA1)
    '3256f170b641228681ac82cd35933479b2d233db'
    """
    if algorithm is Algorithm.PLAIN:
        return secret
    return hmac.new(secret.encode(), body, algorithm.value).hexdigest()


def verify(
    *, secret: str, body: bytes, header_value: str | None, algorithm: Algorithm, prefix: str = ""
) -> bool:
    """Say whether the value of a header signs the body, in a time that does not tell how nearly.

    The value is as WSGI gives it: a character per byte. It begins with the prefix, such as
    "sha256=", to the letter; the hex after it may be in upper case. An empty secret verifies
    nothing: anybody could sign with it.
    """
    value = (header_value or "").strip()
    if not secret or not value.startswith(prefix):
        return False
    value = value.removeprefix(prefix)
    if algorithm is not Algorithm.PLAIN:
        value = value.lower()
    try:
        given = value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    wanted = hmac_signature(secret=secret, body=body, algorithm=algorithm)
    return hmac.compare_digest(wanted.encode(), given)


def timestamped_signature(*, secret: str, body: bytes, timestamp: int) -> str:
    """Return the signature of what we send: `v1,` and HMAC-SHA256 in Base64.

    Signed is `<timestamp>.<body>`, the body byte for byte as it is sent. The timestamp goes along
    in a header, in seconds since 1970: a receiver that refuses old ones cannot be played a
    recorded request again.

    >>> timestamped_signature(secret="client-secret", body=b'{"a":1}', timestamp=1_700_000_000)
    'v1,F/w/poXF7mWKkZiR1hJZEZne7jtLtwvOpQRq64o2vpI='
    """
    signed = b"%d.%b" % (timestamp, body)
    return "v1," + b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
