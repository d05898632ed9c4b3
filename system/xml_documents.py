"""XML from outside: hostile until shown otherwise.

A document type is refused before the document is read, nothing is fetched, no entity is resolved,
size and depth are bounded. What a standard describes is held against the standard's own schema.
"""

import io
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused_fromstring
from lxml import etree

from system.errors import InputError
from system.limits import DOCUMENT_BYTES_MAX, XML_DEPTH_MAX

PAIN_001: Final = "pain.001.001.09"
PACS_002: Final = "pacs.002.001.10"
CAMT_054: Final = "camt.054.001.08"
UBL_INVOICE: Final = "ubl-invoice-2.1"
_FOLDER: Final = Path(__file__).parent / "schemas"
_WELL_FORMED: Final = "send one well-formed XML document"


def parse_xml(document: bytes, file: str) -> Any:
    """The root of one XML document in UTF-8, without comments.

    Raises InputError with file and, where known, line.
    """
    _check_size(document, file)
    try:
        document.decode("utf-8")
    except UnicodeDecodeError as error:
        line = document.count(b"\n", 0, error.start) + 1
        bad_bytes = document[error.start : error.end]
        raise _refused(bad_bytes, "encode it as UTF-8", file, line) from None
    _refuse_doctype(document, file)
    try:
        root = etree.fromstring(document, _parser())
    except etree.XMLSyntaxError as error:
        raise _refused(error.msg, _WELL_FORMED, file, error.lineno) from None
    _check_depth(root, file)
    return root


def check_schema(root: Any, schema: str, file: str) -> None:
    """Raises InputError, with line, for a document that its standard does not allow."""
    held = _schema(schema)
    if not held.validate(root):
        error = held.error_log[0]
        path = error.path or "document"
        remedy = f"follow the standard: {_plain(error.message)}"
        raise InputError(path, schema, remedy, file=file, line=error.line)


def _plain(message: str) -> str:
    """The validator's words without the namespaces, which make them unreadable."""
    return re.sub(r"\{[^}]*\}", "", message)[:300]


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _check_size(document: bytes, file: str) -> None:
    if not document:
        raise _refused("", "send a document that is not empty", file)
    if len(document) > DOCUMENT_BYTES_MAX:
        remedy = f"send at most {DOCUMENT_BYTES_MAX} bytes, without attachments"
        raise _refused(f"{len(document)} bytes", remedy, file)


def _refuse_doctype(document: bytes, file: str) -> None:
    try:
        defused_fromstring(document, forbid_dtd=True)
    except DefusedXmlException:
        remedy = "remove the DOCTYPE; no entity is ever resolved here"
        raise _refused("DOCTYPE", remedy, file) from None
    except ParseError as error:
        raise _refused(str(error), _WELL_FORMED, file, error.position[0]) from None
    except (ValueError, LookupError) as error:  # an encoding that the parser does not have
        raise _refused(str(error), "encode it as UTF-8", file, 1) from None


def _check_depth(root: Any, file: str) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > XML_DEPTH_MAX:
            remedy = f"nest at most {XML_DEPTH_MAX} deep"
            raise _refused(element.tag, remedy, file, element.sourceline)


def _refused(value: object, remedy: str, file: str, line: int | None = None) -> InputError:
    return InputError("document", value, remedy, file=file, line=line)


@cache
def _schema(name: str) -> Any:
    archive = _FOLDER / f"{name}.zip"
    if archive.exists():
        return _schema_of_archive(archive)
    return etree.XMLSchema(etree.parse(_FOLDER / f"{name}.xsd", _parser()))


def _schema_of_archive(archive: Path) -> Any:
    """Schemas that import one another by relative places, all inside one archive."""
    with zipfile.ZipFile(archive) as held:
        files = {Path(name).name: held.read(name) for name in held.namelist()}
        [main] = [name for name in held.namelist() if name.startswith("maindoc/")]

    class Inside(etree.Resolver):  # type: ignore[misc]  # lxml has no types
        def resolve(self, url: str, _id: Any, context: Any) -> Any:
            """Nothing but what the archive holds."""
            return self.resolve_string(files[Path(url).name], context, base_url=url)

    # The standard's own files may declare what they like; they are not from outside.
    parser = etree.XMLParser(no_network=True, load_dtd=False)
    parser.resolvers.add(Inside())
    root = etree.parse(io.BytesIO(files[Path(main).name]), parser, base_url=main)
    return etree.XMLSchema(root)
