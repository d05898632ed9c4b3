"""revm with its blocks kept in a file: a bank on one machine comes back with the chain it had.

A block is its time, its transactions and its hash on one line, on disk before anybody learns of
it; the state follows by running them again (some thousand a second). In memory are the last blocks
alone; receipts of older ones are read from a second file beside it, which each start fills anew.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from system.adapters.evm_blocks import ShelvedBlocks
from system.adapters.evm_revm import RevmChain
from system.errors import EvmUnavailable, InputError, IntegrityError
from system.ports.evm import Block, Signed


class KeptRevmChain(RevmChain):
    """As RevmChain. path: created when missing; for one process at a time.

    genesis_time_s: of a new chain; one that was kept has its own.  A last line that a crash cut
    short is dropped: nobody was told of its block. Raises IntegrityError for an altered file.
    """

    def __init__(
        self, path: Path, *, chain_id: int, genesis_time_s: int, time_step_s: int = 1
    ) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        lines = _whole_lines(self._file)
        first = next(lines, None)
        if first is not None:
            genesis_time_s = first["genesis_s"]
        super().__init__(
            chain_id=chain_id,
            genesis_time_s=genesis_time_s,
            time_step_s=time_step_s,
            blocks=lambda genesis: ShelvedBlocks(genesis, path.with_name(f"{path.name}.receipts")),
        )
        if first is None:
            self._write({"genesis_s": genesis_time_s})
        for line in lines:
            self._repeat(line)

    def _repeat(self, line: dict[str, Any]) -> None:
        for raw, tx_hash in line["raw"]:
            opened = self._open(bytes.fromhex(raw))
            sender, nonce = opened.call.sender, opened.nonce
            self.send([Signed(bytes.fromhex(raw), bytes.fromhex(tx_hash), sender, nonce)])
        block, told = super().seal(line["at_s"]), line["hash"]
        if block.hash.hex() != told:
            raise IntegrityError(f"hash of kept block {block.number}", told, block.hash.hex())

    def seal(self, at_s: int) -> Block:
        """As the port has it. Raises EvmUnavailable where it cannot be kept; it then never was."""
        block = super().seal(at_s)
        sealed = [pending.signed for pending in self._blocks.in_memory()[-1].transactions]
        raws = [(signed.raw.hex(), signed.tx_hash.hex()) for signed in sealed]
        try:
            self._write({"at_s": at_s, "raw": raws, "hash": block.hash.hex()})
        except OSError as error:
            super().reorg(1, keep=True)
            raise EvmUnavailable("keep a block", str(error)) from error
        return block

    def reorg(self, depth: int, *, keep: bool) -> None:
        """Never: what is in the file is final. Raises InputError."""
        raise InputError("depth", depth, "a chain that is kept drops no block")

    def _write(self, line: dict[str, Any]) -> None:
        end = os.lseek(self._file, 0, os.SEEK_END)
        data = orjson.dumps(line) + b"\n"
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            raise


def _whole_lines(file: int) -> Iterator[dict[str, Any]]:
    """The lines of the file; what comes after the last newline is cut off."""
    end = 0
    with os.fdopen(os.dup(file), "rb") as whole:
        whole.seek(0)
        for number, line in enumerate(whole):
            if not line.endswith(b"\n"):
                os.ftruncate(file, end)
                return
            end += len(line)
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                told = f"line {number + 1} of the chain's file"
                raise IntegrityError(told, "JSON", error) from None
