"""The line locator: every key that the TOML parser sees has the line on which it is written."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.scenario_lines import Path, key_lines


def every_path(value: Any, at: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    return [path for key, item in items for path in ((*at, key), *every_path(item, (*at, key)))]


def checked(text: str) -> dict[Path, int]:
    """The locator's lines, once they are known to cover the data exactly."""
    lines = key_lines(text)
    assert sorted(map(repr, lines)) == sorted(map(repr, every_path(tomllib.loads(text))))
    return lines


def test_tables_nested_tables_and_arrays_of_tables_have_their_lines() -> None:
    lines = checked(
        "a = 1\n"  # 1
        "[b]\n"  # 2
        "c = 2\n"  # 3
        "[b.d]\n"  # 4
        "e = 3\n"  # 5
        "[[f]]\n"  # 6
        "g = 4\n"  # 7
        "[[f.h]]\n"  # 8
        "i = 5\n"  # 9
        "[f.j]\n"  # 10
        "k = 6\n"  # 11
        "[[f]]\n"  # 12
        "g = 7\n"  # 13
        "[[f.h]]\n"  # 14
        "i = 8\n"  # 15
    )
    assert lines["b", "d", "e"] == 5
    assert lines["f", 0, "h", 0, "i"] == 9
    assert lines["f", 0, "j", "k"] == 11
    assert lines["f", 1] == 12
    assert lines["f", 1, "h", 0, "i"] == 15


def test_dotted_quoted_and_inline_keys_have_their_lines() -> None:
    lines = checked(
        "a . \"b.c\" . d = 1\n'it''s' = 2\n".replace("''", "")
        + '"tab\\tx\\u4e2d" = { p = 1, q.r = [ { s = 1 }, { s = 2 } ] }\n'
        "[ x . y ] # comment [z]\n"
        "w = { }\n"
    )
    assert lines["a", "b.c", "d"] == 1
    assert lines["tab\tx中", "q", "r", 1, "s"] == 3
    assert lines["x", "y", "w"] == 5


def test_strings_comments_and_arrays_do_not_confuse_the_lines() -> None:
    lines = checked(
        'a = """\n[not]\nb = 1 # no\n\\"""" # 4: \'\'\'\n'
        "c = '''\nd = 2\n''''\n"
        'e = [ # a = 1\n  "]", # ]\n  [1, 2,],\n\n  {f = "}"},\n]\n'
        "g = 1979-05-27 07:32:00 # x = 1\n"
        'h = ""\n'
        "i = ''\n"
    )
    assert lines["c",] == 5
    assert lines["e",] == 8
    assert (lines["e", 0], lines["e", 1, 1], lines["e", 2, "f"]) == (9, 10, 12)
    assert (lines["g",], lines["h",], lines["i",]) == (14, 15, 16)


KEYS = st.text("abc-_1", min_size=1, max_size=4) | st.text("a.#\"'=[]\\\n中 ", max_size=4)
SCALARS = st.one_of(
    st.integers(-(2**60), 2**60),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("a#\"'=[]{},\n\\ 中", max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[\n# ] a = 1\n" + ",\n".join(map(written, value)) + "\n]"
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower()


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=4))
def test_every_key_of_any_document_is_on_the_line_where_it_was_written(
    data: dict[str, dict[str, Any]],
) -> None:
    text, expected = "", {}
    for table, values in data.items():
        expected[table,] = text.count("\n") + 1
        text += f"[{quoted(table)}] # [x]\n"
        for key, value in values.items():
            expected[table, key] = text.count("\n") + 1
            text += f"{quoted(key)} = {written(value)} # y = 1\n\n"
    lines = checked(text)
    assert {path: lines[path] for path in expected} == expected
