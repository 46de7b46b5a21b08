"""An OpenID Connect provider in a thread, as strict as a real one where it matters."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "tidemark", "not-so-secret"


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What it says of whoever signs in is in `claims`; `changes` spoil the identity token."""

    def __init__(self):
        self.key = self.signing_key = new_key()
        self.claims, self.changes, self.codes, self.has_userinfo = {}, {}, {}, True
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/realm"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def discovery(self):
        parts = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        parts["authorization_endpoint"] = f"{self.url}/authorize"
        parts["token_endpoint"] = f"{self.url}/token"
        parts["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]
        if self.has_userinfo:
            parts["userinfo_endpoint"] = f"{self.url}/me"
        return parts

    def sign_in(self, location):
        """Do what a browser does there; return the address that it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.url}/authorize?")
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form, authorization):
        asked = self.codes.pop(form["code"])
        digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest())
        assert digest.rstrip(b"=").decode() == asked["code_challenge"]
        assert authorization.startswith("Basic ")
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        said |= {"nonce": asked["nonce"], **self.claims, **self.changes}
        signed = jwt.encode(said, self.signing_key, "RS256", headers={"kid": "one"})
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}

    def keys(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def _handler(provider):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                paths = {
                    "/realm/.well-known/openid-configuration": provider.discovery,
                    "/realm/keys": provider.keys,
                    "/realm/me": lambda: provider.claims,
                }
                self.answer(paths[self.path]())

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self.answer(provider.token(form, self.headers.get("Authorization", "")))

            def answer(self, document):
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        return Handler
