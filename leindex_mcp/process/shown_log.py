"""Log lines that are seen by whoever sets a level and nothing else, as the guide does."""

from __future__ import annotations

import logging


def show_without_handler(logger: logging.Logger, level: int) -> None:
    """Send what this logger says at that level to stderr, if it is wanted and nobody receives it."""
    if logger.isEnabledFor(level) and not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        logging.getLogger("leindex").addHandler(handler)
