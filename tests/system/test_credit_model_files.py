"""Model files: nothing runs when they are opened, and nothing changes unnoticed."""

import ast
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.model_files import (
    Manifest,
    ModelFile,
    open_lightgbm,
    open_scorecard,
    open_skops,
    pack_lightgbm,
    pack_scorecard,
    pack_skops,
    read_model,
    write_model,
)
from system.errors import InputError, IntegrityError
from system.limits import MODEL_BYTES_MAX
from tests.system.scorecards import scorecard

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("a", "b", "c")


def luck() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(3))


def rows() -> tuple[Any, Any]:
    x = luck().normal(size=(300, 3))
    return x, x[:, 0] + luck().normal(size=300) > 0


def booster() -> Any:
    import lightgbm

    x, y = rows()
    settings = {"objective": "binary", "num_threads": 1, "verbose": -1, "seed": 1}
    data = lightgbm.Dataset(x, y.astype(int), feature_name=list(COLUMNS))
    return lightgbm.train(settings, data, num_boost_round=5)


def forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(5, max_depth=3, random_state=1).fit(*rows())


def calibrated() -> Any:
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(forest(), method="isotonic", cv=2).fit(*rows())


def with_content(file: ModelFile, content: bytes) -> ModelFile:
    """Other bytes under a manifest that vouches for them."""
    return ModelFile(replace(file.manifest, sha256=sha256(content).hexdigest()), content)


def test_a_scorecard_comes_back_from_its_file_with_its_id() -> None:
    file = pack_scorecard(scorecard())
    assert open_scorecard(file, scorecard().features) == scorecard()
    assert file.model_id == scorecard().model_id


def test_a_lightgbm_model_comes_back_and_predicts_the_same() -> None:
    model = booster()
    again = open_lightgbm(pack_lightgbm(model), COLUMNS)
    assert np.array_equal(again.predict(rows()[0]), model.predict(rows()[0]))


@pytest.mark.parametrize("make", [forest, calibrated])
def test_a_scikit_learn_model_comes_back_and_predicts_the_same(make: Callable[[], Any]) -> None:
    model = make()
    again = open_skops(pack_skops(model, COLUMNS), COLUMNS)
    assert np.array_equal(again.predict_proba(rows()[0]), model.predict_proba(rows()[0]))


@given(st.data())
def test_one_altered_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    file = pack_scorecard(scorecard())
    content = bytearray(file.content)
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(IntegrityError):
        open_scorecard(replace(file, content=bytes(content)))


def test_altered_bytes_are_noticed_before_any_library_reads_them() -> None:
    for file, opener in (
        (pack_lightgbm(booster()), open_lightgbm),
        (pack_skops(forest(), COLUMNS), open_skops),
    ):
        with pytest.raises(IntegrityError):
            opener(replace(file, content=file.content[:-1]))
        with pytest.raises(InputError):
            opener(replace(file, content=b""))


def test_a_format_that_nobody_knows_or_that_is_not_the_one_asked_for_is_refused() -> None:
    file = pack_scorecard(scorecard())
    strange = replace(file, manifest=replace(file.manifest, format="pickle"))
    for opener, given_file in ((open_scorecard, strange), (open_lightgbm, file)):
        with pytest.raises(InputError) as caught:
            opener(given_file)
        assert caught.value.field == "format"


def test_another_feature_list_is_refused_whoever_names_it() -> None:
    file = pack_scorecard(scorecard())
    names = file.manifest.features
    forged = replace(file, manifest=replace(file.manifest, features=names[::-1]))
    for given_file, asked in ((file, names[:2]), (file, names[::-1]), (forged, None)):
        with pytest.raises(InputError) as caught:
            open_scorecard(given_file, asked)
        assert caught.value.field == "features"
    trees = pack_lightgbm(booster())
    with pytest.raises(InputError):
        open_lightgbm(replace(trees, manifest=replace(trees.manifest, features=("a", "b", "d"))))
    with pytest.raises(InputError):
        pack_skops(forest(), ("a", "b"))


def test_a_type_that_was_not_read_before_is_refused() -> None:
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(InputError) as caught:
        pack_skops(FunctionTransformer(ast.literal_eval), ())
    assert caught.value.field == "types"


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04", b"\x80\x04K\x01."])
def test_content_that_is_no_skops_file_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        open_skops(with_content(pack_skops(forest(), COLUMNS), content))


def test_a_small_archive_that_unpacks_to_a_huge_one_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w", force_zip64=True) as member:
            for _ in range(MODEL_BYTES_MAX // 2**24 + 1):
                member.write(bytes(2**24))
    with pytest.raises(InputError) as caught:
        open_skops(with_content(pack_skops(forest(), COLUMNS), packed.getvalue()))
    assert "unpacks" in str(caught.value)


def test_a_text_that_is_not_lightgbms_is_refused() -> None:
    with pytest.raises(InputError):
        open_lightgbm(with_content(pack_lightgbm(booster()), b"tree\nnonsense"))


def forged(file: ModelFile, field: str, value: int) -> ModelFile:
    """The forest with one field of its first tree's first node overwritten in the archive."""
    given_zip, made = zipfile.ZipFile(io.BytesIO(file.content)), io.BytesIO()
    done = False
    with zipfile.ZipFile(made, "w") as out:
        for name in given_zip.namelist():
            body = given_zip.read(name)
            if name.endswith(".npy") and not done:
                array = np.load(io.BytesIO(body), allow_pickle=False)
                if array.dtype.names is not None and field in array.dtype.names:
                    array[field][0], done = value, True
                    buffer = io.BytesIO()
                    np.save(buffer, array, allow_pickle=False)
                    body = buffer.getvalue()
            out.writestr(name, body)
    assert done
    return with_content(file, made.getvalue())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_child", 10_000),
        ("left_child", -7),
        ("right_child", 0),
        ("right_child", -1),
        ("feature", 3),
        ("feature", -9),
    ],
)
def test_a_forged_tree_never_gets_to_predict(field: str, value: int) -> None:
    file = forged(pack_skops(forest(), COLUMNS), field, value)
    with pytest.raises(InputError) as caught:
        open_skops(file)
    assert caught.value.field == "tree"


def test_a_file_of_another_scikit_learn_is_refused() -> None:
    file = pack_skops(forest(), COLUMNS)
    old = replace(file.manifest, libraries=(("scikit-learn", "0.24.0"),))
    with pytest.raises(InputError) as caught:
        open_skops(replace(file, manifest=old))
    assert caught.value.field == "scikit-learn"


def test_a_folder_holds_a_model_and_shows_when_it_was_changed(tmp_path: Path) -> None:
    file = pack_scorecard(scorecard())
    write_model(tmp_path / "model", file)
    assert read_model(tmp_path / "model") == file
    (tmp_path / "model" / "model.json").write_text("{}", encoding="utf-8")
    with pytest.raises(IntegrityError):
        read_model(tmp_path / "model")
    (tmp_path / "model" / "model.json").unlink()
    for folder in (tmp_path / "model", tmp_path / "nothing"):
        with pytest.raises(InputError):
            read_model(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"x","sha256":"y","features":3,"libraries":{}}',
        '{"format":"x","sha256":"y","features":[3],"libraries":{}}',
        '{"format":"x","sha256":"y","features":[],"libraries":{"a":1}}',
    ],
)
def test_a_manifest_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Manifest.from_json(text)


def test_no_source_opens_pickles() -> None:
    found = []
    for path in sorted((ROOT / "system").rglob("*.py")) + sorted((ROOT / "sim").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Call):
                keys = [word.arg for word in node.keywords if word.arg == "allow_pickle"]
                names = [ast.unparse(node.func), *[key for key in keys if key]]
            else:
                continue
            words = ("pickle", "joblib.load", "joblib.dump", "marshal.load", "shelve", "dill")
            found += [f"{path}: {name}" for name in names for word in words if word in name]
    assert not found, f"write models with system.credit.model_files: {found}"
