"""The shape of every error, as the OpenAPI document describes it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers


class FaultSerializer(serializers.Serializer):
    """One thing wrong with what was sent."""

    path = serializers.CharField()
    message = serializers.CharField()


class ErrorSerializer(serializers.Serializer):
    """What every error answers: a sentence, and for bad input every fault with its path."""

    detail = serializers.CharField()
    errors = FaultSerializer(many=True)


_MEANINGS = {
    400: ("Something is wrong with what was sent; nothing was saved.", "properties.tier"),
    401: ("No token, or one that is unknown or has expired.", ""),
    403: ("The token only reads, or its owner may not write this.", ""),
    404: ("There is no such object.", ""),
    409: ("The request clashes with what is stored.", ""),
    413: ("The body is too long.", ""),
}


def answers(good: dict[int, Any], *errors: int) -> dict[int, Any]:
    """Return the `responses` of an operation: the good ones, 401, and these errors."""
    return {**good, **{code: _answer(code) for code in (401, *errors)}}


def _answer(code: int) -> OpenApiResponse:
    meaning, path = _MEANINGS[code]
    faults = [{"path": path, "message": "'high' is not of type number"}] if path else []
    detail = f"{path}: {faults[0]['message']}" if path else meaning
    example = OpenApiExample(
        meaning, value={"detail": detail, "errors": faults}, status_codes=[str(code)]
    )
    return OpenApiResponse(ErrorSerializer, description=meaning, examples=[example])
