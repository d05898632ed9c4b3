"""Line numbers of TOML keys, which the standard parser does not give.

The text has been accepted by ``tomllib`` before, so this scanner only needs to find where keys and
values begin and end, never to judge them.
"""

import re
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_STRINGS = (
    # Longest delimiter first. Up to two quotes may stand right before the closing three.
    re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{1,2})?', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{1,2})?", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def key_lines(text: str) -> dict[Path, int]:
    """Path -> line (from 1) of every key, table and array element of valid TOML.

    A path holds keys and, for elements of arrays, indexes: ``("claims", 0, "metric")``.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        # How many tables an array of tables has so far: a later header means its last one.
        self._counts: dict[Path, int] = {}
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK):
            table = self._header() if self._text[self._at] == "[" else self._pair(table)

    def _header(self) -> Path:
        start, brackets = self._at, 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        table = self._resolved(self._key(), is_array=brackets == 2)
        self._at += brackets
        self._note(table, start)
        return table

    def _resolved(self, key: list[str], *, is_array: bool) -> Path:
        """The path that a header means, counting a new element when it opens one."""
        path: Path = ()
        for depth, part in enumerate(key):
            path += (part,)
            if is_array and depth == len(key) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path += (self._counts[path] - 1,)
        return path

    def _pair(self, table: Path) -> Path:
        """Scan ``key = value`` inside ``table``; returns the table, which stays open."""
        start = self._at
        path = table + tuple(self._key())
        self._note(path, start)
        self._at += 1  # the equals sign
        self._value(path)
        return table

    def _key(self) -> list[str]:
        """A dotted key and the blanks around it."""
        parts = []
        while True:
            self._skip(_SPACE)
            quoted = self._text[self._at] in "\"'"
            token = self._string() if quoted else self._take(_BARE)
            parts.append(_unquoted(token) if quoted else token)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        first = self._text[self._at]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._string()
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        element = 0
        while self._skip(_BLANK) and self._text[self._at] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._note((*path, element), self._at)
            self._value((*path, element))
            element += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._skip(_BLANK) and self._text[self._at] != "}":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._pair(path)
        self._at += 1

    def _string(self) -> str:
        matches = (pattern.match(self._text, self._at) for pattern in _STRINGS)
        match = next(found for found in matches if found)
        self._at = match.end()
        return match.group()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match, f"not TOML at {self._at}"
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Move over blanks; False at the end of the text."""
        self._take(pattern)
        return self._at < len(self._text)

    def _note(self, path: Path, start: int) -> None:
        """Keep the first line on which a path, or a table on the way to it, is named."""
        line = bisect_right(self._starts, start)
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)


def _unquoted(token: str) -> str:
    if token.startswith("'"):
        return token[1:-1]
    return _ESCAPE.sub(_character, token[1:-1])


def _character(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)
