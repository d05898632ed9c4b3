"""The cipher port: single fields of a record, encrypted at rest and found again by equality."""

from typing import Protocol


class FieldCipher(Protocol):
    """Keys by version; the newest seals. What was sealed under any held version can be opened."""

    @property
    def key_version(self) -> int:
        """The version that seals now. Rotation is sealing again what an older one sealed."""
        ...

    def seal(self, record_id: str, field: str, text: str) -> bytes:
        """The text in a form that only ``open`` reads, and only for this record and field.

        Reveals its length to the next 32 bytes, and whether this record's field held it before.
        """
        ...

    def open(self, record_id: str, field: str, sealed: bytes) -> str:
        """The text that was sealed for this record and field.

        Raises IntegrityError for bytes that were altered or moved from elsewhere, InputError when
        their key is not held.
        """
        ...

    def fresh_key(self) -> bytes:
        """A new key of 32 bytes that nobody can guess, nor derive from any other."""
        ...

    def for_subject(self, key: bytes) -> "FieldCipher":
        """A cipher with this one's blind index that seals by one subject's own key, version 1."""
        ...

    def blind_index(self, field: str, text: str) -> bytes:
        """32 bytes, equal for equal texts of one field: find a record without opening any.

        The same under every key version. Who does not hold the key cannot guess texts against it.
        """
        ...
