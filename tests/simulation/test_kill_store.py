"""kill -9 in the middle of group commit: what was acknowledged is there, nothing is half there."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from system.adapters.sql_store import SqlStore
from system.ledger import ledger
from system.ledger.records import ACCOUNTS, LEDGER_TABLES, TRANSFERS, Account

KILLS = 10
ACCOUNTS_COUNT = 16

CHILD = textwrap.dedent(
    """
    import sys, threading
    from system.adapters.group_commit import GroupCommitter
    from system.adapters.sql_store import SqlStore
    from system.ledger import ledger
    from system.ledger.records import LEDGER_TABLES, TransferRequest

    url, life = sys.argv[1:]
    committer = GroupCommitter(SqlStore(url, LEDGER_TABLES))
    say = threading.Lock()

    def client(number):
        for n in range(10**9):
            name = f"{life}-{number}-{n}"
            pair = [
                TransferRequest(f"{name}-{leg}", f"a{(n + number + leg) % 16}",
                                f"a{(n * 7 + number + leg + 1 + (n * 6 + 1) % 16 // 15) % 16}",
                                1 + n % 97, group_id=name)
                for leg in (0, 1)
            ]
            outcomes = committer.submit(lambda unit: ledger.post(unit, pair, n)).result()
            if outcomes[0].status == "done":
                with say:
                    sys.stdout.write(name + "\\n")
                    sys.stdout.flush()

    for number in range(8):
        threading.Thread(target=client, args=(number,), daemon=True).start()
    threading.Event().wait()
    """
)


def _life(url: str, number: int, lines: int) -> list[str]:
    """The names acknowledged by a child that is killed soon after so many lines."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(number)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    heard = [child.stdout.readline() for _ in range(lines)]
    time.sleep(0.001 * (number * 7 % 13))
    child.send_signal(signal.SIGKILL)
    heard += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    return [line.strip() for line in heard if line.endswith("\n")]


def test_no_acknowledged_posting_is_lost_and_none_is_half_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    store = SqlStore(url, LEDGER_TABLES)
    with store.transaction() as unit:
        names = [f"a{n}" for n in range(ACCOUNTS_COUNT)]
        ledger.open_accounts(unit, [Account(name, "x", "credit", None) for name in names])
    store.close()

    acknowledged = [name for n in range(KILLS) for name in _life(url, n, lines=40 + n * 37 % 101)]

    store = SqlStore(url, LEDGER_TABLES)
    with store.transaction() as unit:
        transfers, accounts = unit.scan(TRANSFERS), unit.scan(ACCOUNTS)
    store.close()
    posted = {t.transfer_id for t in transfers}
    assert len(acknowledged) > KILLS * 40
    assert [n for n in acknowledged if not {f"{n}-0", f"{n}-1"} <= posted] == []
    assert len(posted) % 2 == 0, "a group is there with one leg"
    rebuilt_fen = dict.fromkeys(names, 0)
    for transfer in transfers:
        rebuilt_fen[transfer.debit_account_id] -= transfer.amount_fen
        rebuilt_fen[transfer.credit_account_id] += transfer.amount_fen
    assert {a.account_id: a.balance_fen for a in accounts} == rebuilt_fen
    assert sum(a.balance_fen for a in accounts) == 0
