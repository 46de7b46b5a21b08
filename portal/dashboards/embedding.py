"""Drawings that are shown elsewhere: who may see one at its address, and how it is answered."""

from hashlib import sha256
from urllib.parse import unquote

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

# Seconds for which a drawing may be shown without asking again.
MAX_AGE = 300
_SIGNER = Signer(salt="tidemark.badges")


def signature_of(path: str) -> str:
    """Return what lets anybody see the drawing at a path, for as long as the secret key stays.

    The path may be encoded: what is signed is what a request for it asks for.
    """
    return _SIGNER.signature(unquote(path))


def is_signed(request: HttpRequest) -> bool:
    """Say whether a request has the signature of its path."""
    signature, path = request.GET.get("sig", ""), request.path
    try:
        return _SIGNER.unsign(f"{path}{_SIGNER.sep}{signature}") == path
    except BadSignature:
        return False


def svg_response(
    request: HttpRequest, drawn: str, *, is_public: bool, policy: str = ""
) -> HttpResponse:
    """Answer with a drawing, or that it is the one that the asker has."""
    etag = quote_etag(sha256(drawn.encode()).hexdigest()[:24])
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        drawn, content_type="image/svg+xml"
    )
    response["ETag"] = etag
    reach = "public" if is_public else "private"
    response["Cache-Control"] = f"{reach}, max-age={MAX_AGE}"
    if policy:
        response["Content-Security-Policy"] = policy
    return response
