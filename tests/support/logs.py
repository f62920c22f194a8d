"""The server's own log, line by line as an operator has it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from server.logs import configure_logs


@contextmanager
def logged(level: str) -> Iterator[StringIO]:
    """Whatever is logged from `level` on, as lines."""
    root, lines = logging.getLogger(), StringIO()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    before = [(each, each.level) for each in loggers]
    handlers = list(root.handlers)
    configure_logs(level, lines)
    try:
        yield lines
    finally:
        root.handlers[:] = handlers
        for each, was in before:
            each.setLevel(was)
