"""The in-toto Statement over a bundle's files, in a signed DSSE envelope.

Sources: in-toto attestation framework v1 (Statement v1, predicate test-result v0.1); DSSE v1.0.2.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sim.evidence.keys import fingerprint
from sim.run_folder import Json

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"


def statement(sums: Mapping[str, str], results: Json) -> Json:
    """sums: relative path -> SHA-256.  results: the JSON document of the run or pilot."""
    passed = [c["id"] for c in results["claims"] if c["verdict"] == "supported"]
    failed = [c["id"] for c in results["claims"] if c["verdict"] == "refuted"]
    unsure = [c["id"] for c in results["claims"] if c["verdict"] == "undecided"]
    return {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sums[name]}} for name in sorted(sums)],
        "predicateType": _PREDICATE,
        "predicate": {
            "result": "PASSED" if results["status"] == "ok" else "FAILED",
            "configuration": [
                {"name": name, "digest": {"sha256": sums[name]}}
                for name in sorted(sums)
                if name.endswith(("run.json", "pins.txt"))
            ],
            "passedTests": passed,
            "failedTests": failed,
            "warnedTests": unsure,
            "digest": results["digest"],
            "invariants": results["invariants"],
        },
    }


def envelope(document: Json, key: Ed25519PrivateKey) -> Json:
    payload = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    signature = key.sign(_pre_authentication(payload))
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": b64encode(payload).decode(),
        "signatures": [
            {"keyid": fingerprint(key.public_key()), "sig": b64encode(signature).decode()}
        ],
    }


def opened(found: Json, key: Ed25519PublicKey) -> Json:
    """The statement in an envelope. Raises InvalidSignature, ValueError or LookupError."""
    payload = b64decode(found["payload"], validate=True)
    if found["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"the payload is {found['payloadType']}")
    key.verify(
        b64decode(found["signatures"][0]["sig"], validate=True), _pre_authentication(payload)
    )
    document: Json = json.loads(payload)
    return document


def _pre_authentication(payload: bytes) -> bytes:
    """What DSSE signs: the type and the payload, each with its length before it."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
