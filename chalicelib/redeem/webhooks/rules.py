"""Who may tell something unasked."""

from __future__ import annotations

from chalicelib.kernel.errors import Kind, Refusal


class SignatureInvalid(Refusal):
    """Nobody with a secret of ours signed this just now."""

    kind = Kind.MALFORMED
    code = "signature_invalid"
    en = "The signature is missing, not ours, or not of this moment."
    zh = "签名缺失、无效或已过期。"
