"""The proof that a request comes from a shop: its token, its signature, and the clock that signed it."""

from collections.abc import Sequence

from fastapi import Request

from api.bodies_in_flight import signed_forms
from api.dependencies import AppState
from api.errors import ApiError, clock_skew, unauthenticated
from connectors.custom.deliveries import CLOCK_TOLERANCE, signed_at, signed_by_standard
from connectors.signatures import STANDARD_SIGNATURE, has_standard_signature
from contracts.deliveries import SignedDelivery
from contracts.errors import UnknownKey
from contracts.stores import StoreType
from contracts.tokens import Integration
from crypto import KnownSecrets

WRONG_TYPE = "This token is of a {type} store; its events go to the webhook_url of the store, signed."


def check_type(integration: Integration) -> None:
    """Raises 403 for a token of another platform."""
    if integration.integration_type != StoreType.WOOCOMMERCE:
        raise ApiError(403, {"error": WRONG_TYPE.format(type=integration.integration_type)})


def must_verify(request: Request, state: AppState, integration: Integration) -> bool:
    """Returns whether a signature must be verified; raises 401 before the body is received.

    A delivery with a token may come without a signature, unless its store requires one.
    """
    if STANDARD_SIGNATURE not in request.headers:
        if integration.require_signature:
            raise _refused(state, integration, "Signature required")
        return False
    if not integration.encrypted_secrets and not integration.require_signature:
        return False
    if not integration.encrypted_secrets or not has_standard_signature(request.headers):
        raise _refused(state, integration, "Invalid signature")
    return True


def verify(request: Request, state: AppState, integration: Integration, raw: bytes) -> None:
    """Raises 401 unless a secret of the store signed the body lately; a wrong clock is named.

    Raises UnknownKey where a secret that no key decrypts may have signed it.
    """
    secrets = state.secret_box.decrypt_known(integration.encrypted_secrets)
    forms = [SignedDelivery(headers=request.headers, body=form) for form in signed_forms(request, raw)]
    if not any(signed_by_standard(form, secrets.values) for form in forms):
        raise wrong_signature(state, integration.integration_type, forms, secrets)


def wrong_signature(
    state: AppState, source: str, forms: Sequence[SignedDelivery], secrets: KnownSecrets
) -> ApiError:
    """Returns the 401 for a delivery that is not accepted; if only its time is wrong, it has both times.

    Raises UnknownKey where a secret that no key decrypts may have signed it.
    """
    now = state.database.clock.estimate()
    sent = next((at for form in forms if (at := signed_at(form, secrets.values)) is not None), None)
    if sent is None and not secrets.are_all:
        raise UnknownKey
    state.metrics.signature_failed(source)
    if sent is None or abs(sent - now) < CLOCK_TOLERANCE:
        return unauthenticated("Invalid signature")
    return clock_skew(sent, now)


def _refused(state: AppState, integration: Integration, detail: str) -> ApiError:
    state.metrics.signature_failed(integration.integration_type)
    return unauthenticated(detail)
