"""An OpenID provider on loopback: real HTTP, real keys, authlib's server half, lies on command.

    GET /.well-known/openid-configuration   GET /keys     GET /authorize
    POST /token                             GET /userinfo

Who is signed in at it is `here`, a subject of `people`; with None it shows a page to choose on.
`lie` spoils the next tokens in one way; `instead` answers a path otherwise; `slow` holds one.
In a test: `with OidcProvider() as provider: provider.issuer`.
"""

import base64
import hmac
import json
import secrets
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlsplit

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    ClientMixin,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "chatbot", "the key under the mat"
ALICE, MALLORY = "248289761001", "666"
PEOPLE = {
    ALICE: {"name": "Alice Archer", "email": "alice@example.org", "email_verified": True},
    MALLORY: {"name": "Mallory", "email": "alice@example.org", "email_verified": False},
}
MINUTE = 60


def make_key(kind="RSA"):
    """A key to sign with, named by its thumbprint."""
    new = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key("P-256")
    new.ensure_kid()
    return new


KEYS = {kind: make_key(kind) for kind in ("RSA", "EC")}
"""Made once: an RSA key takes a while."""


class OidcProvider(ThreadingHTTPServer):
    """Listens on loopback while its `with` block lasts."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, name="localhost"):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://{name}:{self.server_port}"
        self.people = {subject: dict(about) for subject, about in PEOPLE.items()}
        self.secret = SECRET  # empty: a client without one
        self.closing = threading.Event()
        self.begin_anew()

    def begin_anew(self):
        """An honest provider, at which Alice is signed in."""
        self.here = ALICE
        self.key, self.published = KEYS["RSA"], [KEYS["RSA"]]
        self.lie = ""
        self.thin = False  # id tokens without the person's name and address
        self.instead = {}  # {path: (status, headers, body)}
        self.slow = ""
        self.takes = "client_secret_basic"  # how clients with a secret send it
        self.asked = []  # (method, path) of all that came
        self.codes = {}
        self.tokens = {}
        self.server = _server(self)

    def sign_with(self, kind, *, publish=True):
        """Take another key; without `publish` nobody is told of it."""
        self.key = KEYS[kind] if publish else make_key(kind)
        if publish:
            self.published = [self.key]

    def rotate(self):
        """A new key in the place of the old one."""
        self.key = make_key("EC")
        self.published = [self.key]

    @property
    def about(self):
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def handle_error(self, request, client_address):
        """A client that did not wait is no fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.closing.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 (the base class names it)
        """Nothing."""

    def do_GET(self):
        self._answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(dict(parse_qsl(body.decode())))

    def _answer(self, form):
        provider, path = self.server, urlsplit(self.path).path
        provider.asked.append((self.command, path))
        if path == provider.slow:
            provider.closing.wait(60)
        if path in provider.instead:
            status, headers, body = provider.instead[path]
            return self._send(status, body, headers.items())
        if path == "/.well-known/openid-configuration":
            return self._json(provider.about)
        if path == "/keys":
            return self._json({"keys": [key.as_dict(private=False) for key in provider.published]})
        if path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            subject = provider.tokens.get(token)
            return self._json({"sub": subject} | provider.people[subject]) if subject else None
        if path == "/authorize":
            return self._authorize(dict(parse_qsl(urlsplit(self.path).query)))
        asked = _request("POST", path, dict(self.headers), form)
        return self._send(*provider.server.create_token_response(asked))

    def _authorize(self, query):
        provider = self.server
        here = query.pop("as", provider.here)
        if here is None:
            return self._choose()
        asked = _request("GET", "/authorize", {}, query)
        try:
            grant = provider.server.get_consent_grant(asked, here)
        except OAuth2Error as error:
            return self._send(*provider.server.handle_error_response(asked, error))
        return self._send(*provider.server.create_authorization_response(asked, here, grant))

    def _choose(self):
        ways = [
            f'<p><a href="{self.path}&amp;as={quote(subject)}">Continue as {about["name"]}</a></p>'
            for subject, about in self.server.people.items()
        ]
        self._send(200, "<!doctype html><h1>Who are you?</h1>" + "".join(ways), [HTML])

    def _json(self, value):
        self._send(200, json.dumps(value), [("Content-Type", "application/json")])

    def _send(self, status, body, headers):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


HTML = ("Content-Type", "text/html; charset=utf-8")


def _request(method, path, headers, given):
    # Authlib's server half takes https only; what stands before a real one has undone it, too.
    made = OAuth2Request(method, f"https://localhost{path}", headers=headers)
    made.payload = BasicOAuth2Payload(given)
    made._body = given
    return made


def _server(provider):
    made = _Server(scopes_supported=["openid", "email", "profile"])
    made.provider = provider
    made.register_token_generator("default", BearerTokenGenerator(_random))
    grant = type("_Grant", (_Codes,), {"provider": provider})
    made.register_grant(grant, [CodeChallenge(required=True), _Claims(provider)])
    return made


def _random(*_, **__):
    return secrets.token_urlsafe(24)


class _Server(AuthorizationServer):
    provider = None

    def query_client(self, client_id):
        return _Client(self.provider) if client_id == CLIENT else None

    def save_token(self, token, request):
        self.provider.tokens[token["access_token"]] = request.user

    def create_oauth2_request(self, request):
        return request

    def send_signal(self, name, *args, **kwargs):
        """Nobody listens."""

    def handle_response(self, status, body, headers):
        text = json.dumps(body) if isinstance(body, dict) else body
        return status, text or "", headers


@dataclass
class _Client(ClientMixin):
    provider: OidcProvider

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        parts = urlsplit(redirect_uri)
        return parts.hostname in ("127.0.0.1", "localhost") and parts.path == "/oidc/back"

    def check_client_secret(self, client_secret):
        return hmac.compare_digest(self.provider.secret, client_secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method == (self.provider.takes if self.provider.secret else "none")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass
class _Code(AuthorizationCodeMixin):
    code: str
    user: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return None


class _Codes(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
    provider = None

    def save_authorization_code(self, code, request):
        asked = request.payload.data
        self.provider.codes[code] = _Code(
            code,
            request.user,
            asked["redirect_uri"],
            asked["scope"],
            asked.get("nonce"),
            asked["code_challenge"],
            asked["code_challenge_method"],
        )

    def query_authorization_code(self, code, client):
        return self.provider.codes.get(code)

    def delete_authorization_code(self, authorization_code):
        del self.provider.codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class _Claims(OpenIDCode):
    def __init__(self, provider):
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, nonce, request):
        return any(code.nonce == nonce for code in self.provider.codes.values())

    def resolve_client_private_key(self, client):
        return self.provider.key

    def get_client_claims(self, client):
        return {"iss": self.provider.issuer, "aud": [CLIENT]}

    def generate_user_info(self, user, scope):
        about = {} if self.provider.thin else self.provider.people[user]
        return {"sub": user} | about

    def get_client_algorithm(self, client):
        return "RS256" if self.provider.key.key_type == "RSA" else "ES256"

    def get_encode_header(self, client):
        return {"alg": self.get_client_algorithm(client), "kid": self.provider.key.kid}

    def encode_id_token(self, token, request):
        honest = super().encode_id_token(token, request)
        lie = self.provider.lie
        if not lie:
            return honest
        return LIES[lie](self.provider, jwt.decode(honest, self.provider.key).claims)


def _signed(provider, claims, changed=None, key=None):
    key = key or provider.key
    alg = "RS256" if key.key_type == "RSA" else "ES256"
    given = {name: value for name, value in (claims | (changed or {})).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": provider.key.kid}, given, key, [alg])


def _changed(**changed):
    return lambda provider, claims: _signed(provider, claims, changed)


def _by_hand(provider, claims, *, alg, key):
    header = {"alg": alg, "typ": "JWT", "kid": provider.key.kid}
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()) for one in (header, claims)]
    text = b".".join(part.rstrip(b"=") for part in parts)
    made = hmac.digest(key(provider), text, "sha256") if key else b""
    return (text + b"." + base64.urlsafe_b64encode(made).rstrip(b"=")).decode()


LIES = {
    "nonce": _changed(nonce="another"),
    "no nonce": _changed(nonce=None),
    "audience": _changed(aud=["another"]),
    "also for others": _changed(aud=[CLIENT, "another"]),
    "for another party": _changed(azp="another"),
    "issuer": _changed(iss="https://accounts.example.com"),
    "expired": lambda provider, claims: _signed(
        provider, claims, {"iat": claims["iat"] - 60 * MINUTE, "exp": claims["iat"] - 5 * MINUTE}
    ),
    "endless": _changed(exp=None),
    "from tomorrow": lambda provider, claims: _signed(
        provider, claims, {"iat": claims["iat"] + 24 * 60 * MINUTE}
    ),
    "access token": _changed(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "nobody": _changed(sub=None),
    "an empty name": _changed(sub=""),
    "a number": _changed(sub=17),
    "unsigned": partial(_by_hand, alg="none", key=None),
    "signed by the secret": partial(_by_hand, alg="HS256", key=lambda it: it.secret.encode()),
    "signed by the public key": partial(
        _by_hand, alg="HS256", key=lambda it: it.key.as_pem(private=False)
    ),
    "signed by somebody": lambda provider, claims: _signed(provider, claims, key=make_key("EC")),
    "changed": lambda provider, claims: _tampered(_signed(provider, claims)),
    "no token": lambda provider, claims: "",
    "a list": lambda provider, claims: ["x"],
}
"""What the next id tokens may be instead of true ones."""


def _tampered(token):
    header, claims, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = json.dumps(read | {"sub": MALLORY}).encode()
    return f"{header}.{base64.urlsafe_b64encode(other).rstrip(b'=').decode()}.{signature}"
