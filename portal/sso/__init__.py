"""Signing in through an OpenID Connect provider, and second factors: what the extra `sso` brings.

Nothing outside imports this unless `TIDEMARK_USES_SSO`; allauth need not be installed.
"""
