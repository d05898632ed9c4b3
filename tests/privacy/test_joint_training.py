"""A model that is trained by two processes is as good as one that was trained on pooled rows."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from system.privacy.encoding import fit_encoding
from system.privacy.records import OwnData, Role
from system.privacy.table import read_own_data
from tests.privacy.parties import ENDS_S_MAX, House, direct_ports, finish, start
from tests.privacy.population import Books, books, part, write_csv

UCI = Path(__file__).resolve().parents[3] / "shared" / "data" / "uci-taiwan-credit-default.csv"
UCI_TARGET = "default.payment.next.month"
UCI_BANK_COLUMNS = 11
AUC_GAP_MAX = 0.005


def trained_and_scored(
    house: House, folder: Path, known: Books, fresh: Books
) -> tuple[dict[str, int], dict[str, float]]:
    """Points and probability of default by id, from four runs of the program."""
    models = {role: folder / f"{role}.json" for role in Role}
    for purpose, rows in (("train", known), ("score", fresh)):
        ports, parties = direct_ports(), []
        for role, own in rows.own.items():
            data = write_csv(folder / f"{purpose}-{role}.csv", own)
            extra: dict[str, object] = {}
            if role is Role.BANK:
                extra = {"target": "target"} if purpose == "train" else {"out": folder / "out.csv"}
            command = house.command(purpose, role, ports, data=data, model=models[role], **extra)
            parties.append(start(command))
        outcomes = [finish(party) for party in parties]
        assert [code for code, _, _ in outcomes] == [0, 0], outcomes
        pairs = {json.loads(out)["pair_id"] for _, out, _ in outcomes}
        assert len(pairs) == 1
    with (folder / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    points = {row["id"]: int(row["points"]) for row in rows}
    return points, {row["id"]: int(row["pd_ppm"]) / 1e6 for row in rows}


def aucs(points: dict[str, int], known: Books, fresh: Books) -> tuple[float, float, float]:
    """Of the joint model, of pooled logistic regression, and of the bank's columns alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    fitted = {r: fit_encoding(own.names, own.values) for r, own in known.own.items()}
    before, after = (
        {role: fitted[role].centred(own.values) for role, own in rows.own.items()}
        for rows in (known, fresh)
    )
    joint = [points[name] for name in fresh.own[Role.BANK].ids]
    areas = [float(roc_auc_score(fresh.target, joint))]
    for roles in (list(Role), [Role.BANK]):
        model = LogisticRegression(max_iter=1_000)
        model.fit(np.hstack([before[role] for role in roles]), known.target)
        logits = model.decision_function(np.hstack([after[role] for role in roles]))
        areas.append(float(roc_auc_score(fresh.target, logits)))
    return areas[0], areas[1], areas[2]


def split(whole: Books, known_rows: int) -> tuple[Books, Books]:
    luck = np.random.Generator(np.random.Philox(9))
    order = luck.permutation(len(whole.target))
    known, fresh = order[:known_rows], order[known_rows:]
    return tuple(  # type: ignore[return-value]
        Books({role: part(own, rows) for role, own in whole.own.items()}, whole.target[rows])
        for rows in (known, fresh)
    )


def test_on_synthetic_books_the_joint_model_equals_pooled_training(
    house: House, tmp_path: Path
) -> None:
    known, fresh = split(books(6_000, 5, seed=1), 3_000)
    shuffled = np.random.Generator(np.random.Philox(2)).permutation(3_000)
    platform = part(known.own[Role.PLATFORM], shuffled)
    asked = Books(known.own | {Role.PLATFORM: platform}, known.target)
    points, pd = trained_and_scored(house, tmp_path, asked, fresh)
    joint, pooled, bank_alone = aucs(points, known, fresh)
    print(f"synthetic: joint {joint:.4f}, pooled {pooled:.4f}, bank alone {bank_alone:.4f}")
    assert abs(joint - pooled) <= AUC_GAP_MAX
    assert joint > bank_alone + 0.02
    assert abs(np.mean(list(pd.values())) - fresh.target.mean()) < 0.02


def uci_books() -> Books:
    """The bank's columns are limit, person and repayment status; bills and payments are theirs."""
    whole = read_own_data(UCI, "ID", UCI_TARGET)
    target = whole.target
    assert target is not None
    ids = tuple(f"client-{name}" for name in whole.ids)
    cut = UCI_BANK_COLUMNS
    bank = OwnData(ids, whole.names[:cut], whole.values[:, :cut], target)
    platform = replace(bank, names=whole.names[cut:], values=whole.values[:, cut:], target=None)
    return Books({Role.BANK: bank, Role.PLATFORM: platform}, target)


@pytest.mark.slow
@pytest.mark.timeout(3 * ENDS_S_MAX)
@pytest.mark.skipif(not UCI.exists(), reason=f"{UCI.name} is not beside the checkout")
def test_on_the_credit_card_clients_the_joint_model_equals_pooled_training(
    house: House, tmp_path: Path
) -> None:
    known, fresh = split(uci_books(), 15_000)
    points, pd = trained_and_scored(house, tmp_path, known, fresh)
    joint, pooled, bank_alone = aucs(points, known, fresh)
    print(f"credit cards: joint {joint:.4f}, pooled {pooled:.4f}, bank alone {bank_alone:.4f}")
    assert abs(joint - pooled) <= AUC_GAP_MAX
    assert joint > bank_alone
    assert abs(np.mean(list(pd.values())) - fresh.target.mean()) < 0.01
