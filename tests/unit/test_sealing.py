"""Secrets at rest open with the keys they were sealed with, and with no others."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from portal.exception_handler import exception_handler
from portal.sealing import Sealed, Unsealable, seal, unseal

MESSAGE = (
    "The stored secret cannot be read: SECRET_KEY has changed since it was saved, or the stored "
    "text was altered. Enter the secret again, or put the former key into SECRET_KEY_FALLBACKS."
)


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_is_what_is_unsealed(text: str) -> None:
    assert unseal(seal(text)) == text


def test_sealed_text_is_printable_and_never_twice_the_same() -> None:
    first, second = seal("hunter2"), seal("hunter2")
    assert first != second
    assert first.isascii()
    assert first.isprintable()
    assert "hunter2" not in first


def test_a_fallback_opens_what_the_former_key_sealed() -> None:
    with override_settings(SECRET_KEY="former"):
        sealed = seal("hunter2")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["other", "former"]):
        assert unseal(sealed) == "hunter2"
        sealed_anew = seal("hunter2")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert unseal(sealed_anew) == "hunter2"
        with pytest.raises(Unsealable):
            unseal(sealed)


def test_a_comma_too_many_makes_no_empty_key(tmp_path: Path) -> None:
    names = {"SECRET_KEY_FALLBACKS": "former, older,,", "TIDEMARK_DATA_DIR": str(tmp_path)}
    code = "from portal.settings import SECRET_KEY_FALLBACKS; print(SECRET_KEY_FALLBACKS)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "['former', 'older']\n"


def test_a_secret_whose_key_is_gone_says_so() -> None:
    with override_settings(SECRET_KEY="former"):
        sealed = seal("hunter2")
    with pytest.raises(Unsealable) as unsealable:
        unseal(sealed)
    assert str(unsealable.value) == MESSAGE
    assert str(pickle.loads(pickle.dumps(unsealable.value))) == MESSAGE  # noqa: S301


@pytest.mark.parametrize(
    "alter",
    [
        lambda sealed: "",
        lambda sealed: "hunter2",
        lambda sealed: sealed.removeprefix("sealed:1:"),
        lambda sealed: "sealed:2:" + sealed.removeprefix("sealed:1:"),
        lambda sealed: "sealed:1:",
        lambda sealed: "sealed:1:ä",
        lambda sealed: sealed[:-4],
        lambda sealed: sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:],
        lambda sealed: sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:],
    ],
)
def test_an_altered_text_is_not_opened(alter: Callable[[str], str]) -> None:
    with pytest.raises(Unsealable):
        unseal(alter(seal("hunter2")))


def test_a_sealed_secret_shows_itself_only_when_asked() -> None:
    secret = Sealed.of("hunter2")
    shown = f"{secret} {secret!r} {[secret]} %s" % secret
    assert shown == "(sealed) (sealed) [(sealed)] (sealed)"
    assert secret.reveal() == "hunter2"
    assert secret


def test_the_empty_secret_is_false_and_says_that_it_is_empty() -> None:
    secret = Sealed.of("")
    assert (secret.text, secret.reveal(), str(secret), bool(secret)) == ("", "", "(empty)", False)


def test_the_rest_api_answers_that_a_secret_cannot_be_read() -> None:
    response = exception_handler(Unsealable(), {})
    assert response is not None
    assert (response.status_code, response.data) == (409, {"detail": MESSAGE, "errors": []})
