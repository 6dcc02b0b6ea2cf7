"""What an id token says, once it is certain who says it, and to whom. Pure; makes no calls."""

from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from chatbot.errors import SignInFailed

ALGORITHMS = ("RS256", "ES256")
"""How a token may be signed: by keys of which only the provider has the secret half."""
CLOCKS_DIFFER = 60
"""Seconds."""
LONGEST_SUBJECT = 255
"""Characters, as the standard has it."""

_KINDS: dict[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class KeyUnknown(SignInFailed):
    """The token is not signed by one of these keys; there may be newer ones."""


def keys_of(found: dict[str, Any]) -> KeySet:
    """The keys for signatures in a provider's set; others in it are left out.

    Raises SignInFailed.
    """
    listed = found.get("keys")
    keys = []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig":
            continue
        kind = _KINDS.get(str(one.get("kty")))
        try:
            if kind is not None:
                keys.append(kind.import_key(one))
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # a provider may have keys for others that we cannot read
    if not keys:
        raise SignInFailed(why="keys")
    return KeySet([*keys])


def claims_of(
    token: object, keys: KeySet, *, issuer: str, client: str, nonce: str, access: Any
) -> dict[str, Any]:
    """What a token says, after its signature, issuer, audience, times and nonce were compared.

    Raises SignInFailed with the one that is wrong, KeyUnknown.
    """
    if not isinstance(token, str):
        raise SignInFailed(why="no token")
    try:
        read = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client},
                "sub": {"essential": True},
            },
            params={"nonce": nonce, "client_id": client, "access_token": access},
        )
        claims.validate(leeway=CLOCKS_DIFFER)
    except (InvalidKeyIdError, BadSignatureError):
        raise KeyUnknown(why="signature") from None
    except ClaimError as error:
        raise SignInFailed(why=error.claim) from None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SignInFailed(why="signature") from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise SignInFailed(why="sub")
    if not subject.isprintable():
        raise SignInFailed(why="sub")
    return dict(claims)
