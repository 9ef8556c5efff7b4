"""How long the campaigns are: short in CI, in full with `CAMPAIGN=full`; figures go to the log.

`CAMPAIGN=full pytest tests/store tests/durability -m slow -o log_cli=true` shows the figures.
"""

from __future__ import annotations

import logging
import os

SEED = 20261123
IS_FULL = os.environ.get("CAMPAIGN") == "full"
TIMEOUT = 7200 if IS_FULL else 600

report = logging.getLogger("leindex.campaign").warning


def size(short: int, full: int) -> int:
    """Return how often something is tried in this run."""
    return full if IS_FULL else short
