"""Model files that run no code when they are opened, and cannot change unnoticed.

Three formats: our scorecard's JSON, LightGBM's own text, and skops for scikit-learn. A manifest
beside the bytes holds their SHA-256; it is checked before anything else looks at them.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Self
from zipfile import BadZipFile, ZipFile

import orjson

from system.canonical import canonical_json
from system.credit.scorer import SCORECARD_FORMAT, ScorecardModel
from system.credit.trees import check_trees
from system.errors import InputError, IntegrityError
from system.limits import MODEL_BYTES_MAX

LIGHTGBM_FORMAT: Final = "lightgbm/text"
SKOPS_FORMAT: Final = "skops/zip"
# The name that stands before the hash in a model's id, and the file's name on disk.
_KINDS: Final = {
    SCORECARD_FORMAT: ("scorecard", "model.json"),
    LIGHTGBM_FORMAT: ("lightgbm", "model.txt"),
    SKOPS_FORMAT: ("skops", "model.skops"),
}
# What skops asks about and we have read: both only hold arrays and other checked objects. A Tree's
# node numbers are used without bounds, so ``check_trees`` looks at them first.
SKOPS_TYPES_ALLOWED: Final = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.tree._tree.Tree",
)
_MANIFEST_NAME: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bytes are. libraries: (name, version) of what wrote them and must read them."""

    format: str
    sha256: str
    features: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        """Canonical text."""
        return canonical_json(
            {
                "format": self.format,
                "sha256": self.sha256,
                "features": self.features,
                "libraries": dict(self.libraries),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The manifest of a file. Raises InputError for anything else."""
        try:
            body = orjson.loads(text)
            features, libraries = body["features"], body["libraries"]
            pairs = tuple(sorted(libraries.items()))
            made = cls(body["format"], body["sha256"], tuple(features), pairs)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise InputError("manifest", text, "give a manifest that pack_… wrote") from problem
        if not all(isinstance(part, str) for pair in pairs for part in pair) or not all(
            isinstance(name, str) for name in made.features
        ):
            raise InputError("manifest", text, "name features and libraries in text")
        return made


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model's bytes and what they are."""

    manifest: Manifest
    content: bytes

    @property
    def model_id(self) -> str:
        """Kind and hash: equal files have equal ids. Raises InputError for an unknown format."""
        return f"{_kind(self.manifest)[0]}-{self.manifest.sha256[:16]}"


def pack_scorecard(model: ScorecardModel) -> ModelFile:
    """The scorecard's JSON; its model_id is the file's."""
    return _packed(SCORECARD_FORMAT, model.to_json().encode(), model.features, ())


def pack_lightgbm(booster: Any) -> ModelFile:
    """LightGBM's text of a lightgbm.Booster, under the booster's own feature names."""
    text: str = booster.model_to_string()
    return _packed(LIGHTGBM_FORMAT, text.encode(), booster.feature_name(), ("lightgbm",))


def pack_skops(estimator: Any, features: tuple[str, ...]) -> ModelFile:
    """A fitted scikit-learn estimator without code in it.

    Raises InputError for an estimator that holds types which could not be opened again.
    """
    import skops.io

    content = skops.io.dumps(estimator)
    _check_types(content)
    _check_feature_count(estimator, features)
    return _packed(SKOPS_FORMAT, content, features, ("scikit-learn", "skops"))


def _packed(
    format_name: str, content: bytes, features: tuple[str, ...] | list[str], libraries: Any
) -> ModelFile:
    versions = tuple((name, version(name)) for name in libraries)
    digest = sha256(content).hexdigest()
    return ModelFile(Manifest(format_name, digest, tuple(features), versions), content)


def open_scorecard(file: ModelFile, features: tuple[str, ...] | None = None) -> ScorecardModel:
    """The scorecard in a file.

    features: what the caller will give it, where the caller minds. Raises IntegrityError for bytes
    that are not the manifest's, InputError for another format, content or feature list.
    """
    model = _scorecard(_checked(file, SCORECARD_FORMAT, features))
    _same_features(file.manifest, model.features)
    return model


@lru_cache(maxsize=8)
def _scorecard(content: bytes) -> ScorecardModel:
    """Equal bytes are one model, with the tables that it makes of itself once."""
    return ScorecardModel.from_json(content.decode())


def open_lightgbm(file: ModelFile, features: tuple[str, ...] | None = None) -> Any:
    """The lightgbm.Booster in a file. Errors as open_scorecard.

    LightGBM's parser ends the process on forged text whose hash fits: open only files of people
    who may propose models. (A champion is a scorecard and never comes this way.)
    """
    text = _checked(file, LIGHTGBM_FORMAT, features).decode()
    import lightgbm

    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as problem:
        raise InputError("content", text, f"give LightGBM's own text ({problem})") from problem
    _same_features(file.manifest, tuple(booster.feature_name()))
    return booster


def open_skops(file: ModelFile, features: tuple[str, ...] | None = None) -> Any:
    """The scikit-learn estimator in a file.

    Errors as open_scorecard; also InputError for types outside SKOPS_TYPES_ALLOWED, for a file of
    another scikit-learn, and for trees whose nodes point outside themselves.
    """
    content = _checked(file, SKOPS_FORMAT, features)
    _check_versions(file.manifest)
    _check_types(content)
    import skops.io

    estimator = skops.io.loads(content, trusted=list(SKOPS_TYPES_ALLOWED))
    _check_feature_count(estimator, file.manifest.features)
    check_trees(estimator, len(file.manifest.features))
    return estimator


def check_bytes(file: ModelFile) -> None:
    """Raises IntegrityError for bytes that are not the manifest's, InputError for too many."""
    _kind(file.manifest)
    if not 0 < len(file.content) <= MODEL_BYTES_MAX:
        remedy = f"give a model of 1 to {MODEL_BYTES_MAX} bytes"
        raise InputError("content", f"{len(file.content)} bytes", remedy)
    found = sha256(file.content).hexdigest()
    if found != file.manifest.sha256:
        raise IntegrityError("SHA-256 of the model file", file.manifest.sha256, found)


def write_model(folder: Path, file: ModelFile) -> None:
    """Put the model and its manifest into a folder, which is made when it is not there."""
    check_bytes(file)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _kind(file.manifest)[1]).write_bytes(file.content)
    (folder / _MANIFEST_NAME).write_text(file.manifest.to_json(), encoding="utf-8")


def read_model(folder: Path) -> ModelFile:
    """The model of a folder, its hash checked. Raises InputError, IntegrityError."""
    manifest_path = folder / _MANIFEST_NAME
    if not manifest_path.is_file():
        raise InputError("folder", str(folder), f"give a folder with a {_MANIFEST_NAME}")
    manifest = Manifest.from_json(manifest_path.read_text(encoding="utf-8"))
    model_path = folder / _kind(manifest)[1]
    if not model_path.is_file():
        raise InputError("folder", str(folder), f"put {model_path.name} beside {_MANIFEST_NAME}")
    if model_path.stat().st_size > MODEL_BYTES_MAX:
        remedy = f"give a model of at most {MODEL_BYTES_MAX} bytes"
        raise InputError("content", f"{model_path.stat().st_size} bytes", remedy)
    file = ModelFile(manifest, model_path.read_bytes())
    check_bytes(file)
    return file


def _kind(manifest: Manifest) -> tuple[str, str]:
    if manifest.format not in _KINDS:
        raise InputError("format", manifest.format, f"give one of {', '.join(_KINDS)}")
    return _KINDS[manifest.format]


def _checked(file: ModelFile, format_name: str, features: tuple[str, ...] | None) -> bytes:
    check_bytes(file)
    if file.manifest.format != format_name:
        raise InputError("format", file.manifest.format, f"give a file of format {format_name}")
    if features is not None:
        _same_features(file.manifest, features)
    return file.content


def _same_features(manifest: Manifest, features: tuple[str, ...]) -> None:
    if manifest.features != features:
        remedy = f"the manifest names {', '.join(manifest.features)}: give these, in this order"
        raise InputError("features", features, remedy)


def _check_versions(manifest: Manifest) -> None:
    """scikit-learn promises nothing about files of another release."""
    for name, wrote in manifest.libraries:
        if version(name) != wrote:
            raise InputError(name, version(name), f"install {wrote}, or train the model again")


def _check_types(content: bytes) -> None:
    import skops.io

    _check_unpacked(content)
    try:
        asked = skops.io.get_untrusted_types(data=content)
    except Exception as problem:  # whatever a broken archive makes the reader raise
        raise InputError("content", content[:32], f"give a skops file ({problem!r})") from problem
    strange = [name for name in asked if name not in SKOPS_TYPES_ALLOWED]
    if strange:
        remedy = "give an estimator of scikit-learn's own parts; read a new type before allowing it"
        raise InputError("types", strange, remedy)


def _check_unpacked(content: bytes) -> None:
    """A small archive may hold endless zeros."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            unpacked_bytes = sum(member.file_size for member in archive.infolist())
    except BadZipFile as problem:
        raise InputError("content", content[:32], f"give a skops file ({problem})") from problem
    if unpacked_bytes > MODEL_BYTES_MAX:
        remedy = f"give a model that unpacks to {MODEL_BYTES_MAX} bytes at most"
        raise InputError("content", f"{unpacked_bytes} bytes", remedy)


def _check_feature_count(estimator: Any, features: tuple[str, ...]) -> None:
    taken = getattr(estimator, "n_features_in_", None)
    if taken != len(features):
        raise InputError("features", features, f"name the {taken} columns that the model takes")
