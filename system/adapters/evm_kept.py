"""revm with its blocks kept in a file: a bank on one machine comes back with the chain it had.

A block is its time, its transactions and its hash on one line, on disk before anybody learns of
it. Every window of blocks the state after them goes to a shelf beside (``evm_shelf``), and pyrevm
begins anew on top of it, fetching each slot that it meets from there: its memory and its start
follow from the window, not from the chain. A start runs the blocks after the shelf's last again.
"""

import logging
import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from system.adapters.evm_blocks import Mined, Outcome
from system.adapters.evm_pool import Pending
from system.adapters.evm_revm import RevmChain, block_hash
from system.adapters.evm_shelf import WINDOW, Shelf, ShelvedBlocks
from system.adapters.evm_state import changed_accounts
from system.adapters.evm_state_process import StateProcess
from system.errors import EvmReverted, EvmUnavailable, InputError, IntegrityError
from system.ports.evm import Block, Call, Signed

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
# A window of them goes to the shelf in some 10 ms.
_TRANSACTIONS_PER_WINDOW: Final = 128
# After a window that could not be shelved.
_BLOCKS_UNTIL_TRIED_AGAIN: Final = 16
_TRIES_MAX: Final = 3


class KeptRevmChain(RevmChain):
    """As RevmChain. path: created when missing; for one process at a time.

    genesis_time_s: of a new chain; one that was kept has its own.  A last line that a crash cut
    short is dropped: nobody was told of its block.  transactions_per_window: a window ends with
    the block that reaches them, or after 64 blocks. Raises IntegrityError for an altered file.
    """

    def __init__(
        self,
        path: Path,
        *,
        chain_id: int,
        genesis_time_s: int,
        time_step_s: int = 1,
        transactions_per_window: int = _TRANSACTIONS_PER_WINDOW,
    ) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        weakref.finalize(self, os.close, self._file)
        first = next(_whole_lines(self._file), None)
        if first is not None:
            genesis_time_s = first["genesis_s"]
        self._shelf = Shelf(path.with_name(f"{path.name}.state"))
        self._transactions_per_window = transactions_per_window
        self._settings = {
            "chain_id": chain_id,
            "genesis_time_s": genesis_time_s,
            "time_step_s": time_step_s,
        }
        try:
            self._begin()
        except (sqlite3.DatabaseError, EvmUnavailable):
            if self._shelf.is_whole():
                raise
            self._fill_anew()
        self._may_fill_anew = True
        if first is None:
            self._write({"genesis_s": genesis_time_s})

    def _begin(self) -> None:
        """Go on from what is kept: the shelf's blocks, and those after them run again."""
        self._may_fill_anew = self._is_lost = False
        self._shelved_from = 0
        _prove(_whole_lines(self._file), self._shelf)
        self._state = StateProcess(self._shelf.path)
        super().__init__(**self._settings, blocks=self._on_shelf)
        self._nonces = self._shelf.nonces()
        self._repeat_all()

    def _fill_anew(self) -> None:
        """Run every block again, since the shelf is damaged; what waits goes on waiting."""
        self._shelf.clear()
        pool = getattr(self, "_pool", None)
        self._begin()
        self._pool = pool or self._pool
        self._may_fill_anew = True

    def _on_shelf(self, genesis: Block) -> ShelvedBlocks:
        self._windowed = ShelvedBlocks(genesis, self._shelf)
        return self._windowed

    def _repeat_all(self) -> None:
        shelved = self.head().number
        for number, line in enumerate(_whole_lines(self._file)):
            if number > shelved:
                self._repeat(line)

    def _repeat(self, line: dict[str, Any]) -> None:
        for raw, tx_hash in line["raw"]:
            opened = self._open(bytes.fromhex(raw))
            sender, nonce = opened.call.sender, opened.nonce
            self.send([Signed(bytes.fromhex(raw), bytes.fromhex(tx_hash), sender, nonce)])
        block = super().seal(line["at_s"])
        assert block.hash.hex() == line["hash"], "what was proven, run again, is the same block"

    @property
    def state_pid(self) -> int:
        """Of the process that serves the state of the blocks before this window."""
        return self._state.pid

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

    def _view(self, call: Call) -> bytes:
        return self._surely(lambda: super(KeptRevmChain, self)._view(call))

    def _execute(self, time_s: int, batch: Sequence[Pending]) -> tuple[bytes, list[Outcome]]:
        if self._is_window_full():
            self._surely(self._shelve)
        return self._surely(lambda: super(KeptRevmChain, self)._execute(time_s, batch))

    def _surely(self, work: Callable[[], _T]) -> _T:
        """Do it, on a machine that runs its window again where its state could not be read, and
        the whole chain where the shelf is damaged.

        Raises EvmUnavailable once that was tried in vain.
        """
        for _ in range(_TRIES_MAX):
            try:
                return self._on_whole_machine(work)
            except EvmUnavailable as error:
                cause = error
            self._state.restart()
        if not self._may_fill_anew or self._shelf.is_whole():
            raise cause
        self._fill_anew()
        return self._on_whole_machine(work)

    def _on_whole_machine(self, work: Callable[[], _T]) -> _T:
        if self._is_lost:
            self._run_again()
        # Until it is told that nothing but a rule stood in its way.
        self._is_lost = True
        try:
            done = work()
        except (EvmReverted, InputError):
            self._is_lost = False
            raise
        self._is_lost = False
        return done

    def _undo_block(self) -> None:
        """It is undone by running the window again."""

    def _is_window_full(self) -> bool:
        """Before a block: all blocks so far are in the file, and may go to the shelf."""
        waiting = self._windowed.waiting
        transactions = sum(len(mined.transactions) for mined in waiting)
        is_full = len(waiting) >= WINDOW or transactions >= self._transactions_per_window
        return is_full and self.head().number >= self._shelved_from

    def _shelve(self) -> None:
        """End the window: its state to the shelf, and a new machine on top of it."""
        try:
            self._windowed.put_away(changed_accounts(self._vm.journal_str))
        except sqlite3.Error as error:
            # As text: the error itself would hold these blocks.
            _LOG.warning("%d blocks stay in memory: %s", len(self._windowed.waiting), str(error))
            self._shelved_from = self.head().number + _BLOCKS_UNTIL_TRIED_AGAIN
            return
        self._vm, self._before_last = self._new_vm(), None

    def _to_run_again(self) -> Sequence[Mined]:
        return self._windowed.waiting

    def _new_vm(self) -> Any:
        head = self.head()
        return self._machine(head, fork_url=self._state.url, fork_block=hex(head.number))

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


def _prove(lines: Iterator[dict[str, Any]], shelf: Shelf) -> None:
    """That each block follows from the one before; a shelf of other blocks is emptied.

    Raises IntegrityError for the first altered one.
    """
    last = shelf.last()
    shelved = None if last is None else last.block
    parent, is_same = b"", False
    for number, line in enumerate(lines):
        if number == 0:
            parent = block_hash(b"\0" * 32, 0, line["genesis_s"], ())
        else:
            parent = _proven(number, line, parent)
        is_same = is_same or (
            shelved is not None and (number, parent) == (shelved.number, shelved.hash)
        )
    if shelved is not None and not is_same:
        _LOG.warning("the chain's state is of other blocks, and is made anew")
        shelf.clear()


def _proven(number: int, line: dict[str, Any], parent: bytes) -> bytes:
    """The hash of a line's block. Raises IntegrityError where the line tells another one."""
    hashes = [sha256(bytes.fromhex(raw)).digest() for raw, _ in line["raw"]]
    found = block_hash(parent, number, line["at_s"], hashes)
    told = ([tx_hash for _, tx_hash in line["raw"]], line["hash"])
    if told != ([tx_hash.hex() for tx_hash in hashes], found.hex()):
        raise IntegrityError(f"hash of kept block {number}", line["hash"], found.hex())
    return found


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
