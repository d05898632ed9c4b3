"""The colours of charts: each reads on white and on near-black (3 to 1 at least).

Verdicts also differ by word, arms by dash or shape: nothing is told by colour alone.
"""

from typing import Final

GOOD: Final = "#1f9d5b"
BAD: Final = "#d64545"
UNSURE: Final = "#c07f12"
BASE: Final = "#8a7f72"
NEW: Final = "#2f7fe0"
OTHERS: Final = ("#a65fd0", "#149c9c", "#d0661f", "#b8487f", "#6f8f1a", "#5b6ee1")
# Text and lines that follow the page's own colour, in light and in dark.
INK: Final = "currentColor"
