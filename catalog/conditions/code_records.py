"""Decoding only the facts that generated code reads, which costs less than decoding them all."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Decode = Callable[[str | bytes], Any]


def decoder(reads: Mapping[str, str]) -> Decode | None:
    """Return what decodes a JSON object into a record; a missing key is None.

    `reads` are the keys with the fields to put them in. Returns None where a record cannot have one
    of the keys: msgspec takes none with a quote, a backslash, a control character or half a
    surrogate pair.
    """
    fields = [(field, Any, None) for field in reads.values()]
    names = {field: key for key, field in reads.items()}
    try:
        record = msgspec.defstruct("Record", fields, rename=names, gc=False)
    except ValueError:
        return None
    return msgspec.json.Decoder(record).decode
