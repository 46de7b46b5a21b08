"""The dialect of Port's clients, at ``/v1``: thin codecs over our own operations.

Facts about the wire: requests and answers are JSON objects, answers carry ``ok``, errors are
``{"ok": false, "error": code, "message": text}``, and identifiers in addresses are encoded.
"""
