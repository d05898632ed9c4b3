"""The error tree. Every error carries values and says what to do next.

ShapanError
├── InputError              unusable input: field, value, remedy (exit code 2)
│   └── CannotSeal          the node makes its blocks by itself
├── OperationalError        the outside world failed; retry is safe
│   ├── EvmUnavailable      the node's answer is unknown
│   ├── StoreUnavailable    locked, full or unreachable
│   ├── RailUnavailable     the payment rail's answer is unknown
│   ├── BrokerUnavailable   the MQTT broker cannot be reached, or cannot listen
│   └── PeerUnavailable     the other party of a joint computation is lost
├── EvmReverted             a contract refused; decoded name and arguments
├── StoreError              the database refused a write
│   ├── DuplicateRow
│   ├── MissingRow
│   └── CheckFailed
└── IntegrityError          books, chain or audit log disagree
"""

from functools import partial
from typing import Any


class ShapanError(Exception):
    """Base of all typed errors."""


class InputError(ShapanError):
    """Input that cannot be used: names the field, the value and the remedy.

    file and line say where it stands, when it came from a file.
    """

    def __init__(
        self,
        field: str,
        value: object,
        remedy: str,
        *,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        self.field, self.value, self.remedy, self.file, self.line = field, value, remedy, file, line
        super().__init__(self.message())

    def __reduce__(self) -> tuple[Any, ...]:
        """A worker process sends it to its parent whole, not as its text."""
        place = partial(InputError, file=self.file, line=self.line)
        return place, (self.field, self.value, self.remedy)

    def message(self) -> str:
        """One line: where, which field, which value, what to do."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        head = f"{place}: " if place else ""
        return f"{head}{self.field} = {_short(self.value)}: {self.remedy}"


class CannotSeal(InputError):
    """The node makes its blocks by itself, and none on demand."""


def _short(value: object, width_max: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= width_max else text[: width_max - 1] + "…"


class OperationalError(ShapanError):
    """Something outside failed; the same request may be sent again."""


class EvmUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(f"chain node did not answer {operation}: {cause}; resend the same bytes")


class StoreUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(f"store cannot {operation}: {cause}; nothing was written, try again")


class RailUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(f"payment rail did not {operation}: {cause}; send the same message again")


class CoreUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(
            f"the bank's core did not {operation}: {cause}; send the same voucher again"
        )


class BrokerUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(f"broker cannot {operation}: {cause}; nothing was acknowledged, try again")


class PeerUnavailable(OperationalError):
    def __init__(self, operation: str, cause: str) -> None:
        self.operation, self.cause = operation, cause
        super().__init__(
            f"the other party did not {operation}: {cause}; nothing was written, start both again"
        )


class EvmReverted(ShapanError):
    """A contract refused. ``name`` and ``args_by_name`` come from its ABI; ``data`` is raw."""

    def __init__(self, name: str, args_by_name: dict[str, Any], data: bytes) -> None:
        self.name, self.args_by_name, self.data = name, args_by_name, data
        values = ", ".join(f"{key}={value}" for key, value in args_by_name.items())
        super().__init__(f"contract refused: {name}({values})")


class StoreError(ShapanError):
    """The database refused a write; the transaction or savepoint is undone."""


class DuplicateRow(StoreError):
    def __init__(self, table: str, columns: tuple[str, ...], cause: str = "") -> None:
        self.table, self.columns = table, columns
        super().__init__(f"{table}: a row with the same {', '.join(columns)} exists. {cause}")


class MissingRow(StoreError):
    def __init__(self, table: str, key: tuple[Any, ...]) -> None:
        self.table, self.key = table, key
        super().__init__(f"{table}: no row {key}")


class CheckFailed(StoreError):
    def __init__(self, table: str, check: str) -> None:
        self.table, self.check = table, check
        super().__init__(f"{table}: check {check} failed")


class IntegrityError(ShapanError):
    """Two records of the same fact disagree. Never repaired silently."""

    def __init__(self, what: str, expected: object, found: object) -> None:
        self.what, self.expected, self.found = what, expected, found
        super().__init__(f"{what}: expected {_short(expected)}, found {_short(found)}")
