"""Who a program is: the API key of its request, and what that key may do."""

from starlette.requests import Request

from server.api.errors import Refusal
from server.api.house import house_of
from server.store.organizations import ApiKey, Scope


async def verified_key(request: Request) -> ApiKey:
    """The key that a request carries. Raises Refusal (401)."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    key = None
    if scheme.lower() == "bearer":
        key = await house_of(request).organizations.verify_key(secret.strip())
    if key is None:
        sentence = "An API key is needed, in the header `Authorization: Bearer sk_…`."
        if scheme.lower() == "bearer" and secret.strip():
            sentence = "This API key is not known, or was revoked."
        raise Refusal(401, "unauthorized", sentence, headers={"WWW-Authenticate": "Bearer"})
    return key


async def key_of(request: Request, scope: Scope) -> ApiKey:
    """The key that a request carries, if it has this scope. Raises Refusal (401, 403)."""
    key = await verified_key(request)
    require(key, scope)
    return key


def require(key: ApiKey, scope: Scope) -> None:
    """Return if the key has this scope. Raises Refusal (403)."""
    if not key.may(scope):
        raise Refusal(403, "forbidden", f"This key lacks the scope `{scope}`.")
