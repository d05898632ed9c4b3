"""The broker port: messages of devices come in, commands to them go out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it arrived. received_ms: when, UTC."""

    topic: str
    payload: bytes
    received_ms: int
