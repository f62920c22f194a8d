"""Starts `vivavoce serve` as often as it is told, each in a process of its own that has all modules already.

Started as a program. Each line on stdin holds the arguments and the environment of one start, as JSON; the
server's process id, what it prints, and `over` when it is gone, come out on stdout. So a test can kill a real
server a thousand times without waiting for a thousand imports.

What is forked has no thread but the one that forks: neither of ours, nor of a library. A server makes its own
threads, sockets, database connections, models and child processes after the fork, as any server does.
"""

import gc
import json
import os
import sys

import httpcore
from sqlalchemy.orm import configure_mappers
from starlette.datastructures import State

import server.cli.serve
from server.__main__ import main
from server.api.studies.application import studies_api
from server.store import delivery_tables, design_tables


def prepare() -> None:
    """Have ready what is the same for every server: modules, the shapes of tables, the API's operations."""
    assert all((httpcore, server.cli.serve, delivery_tables, design_tables))
    configure_mappers()
    studies_api(State()).warm()
    # Else each server would look through all of this before it begins.
    gc.collect()
    gc.freeze()
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, f"{len(threads)} threads: a fork would leave their locks shut for ever"


def serve(arguments: list[str], environment: dict[str, str]) -> None:
    """Be a server until told to end, or killed."""
    os.environ.update(environment)  # noqa: TID251 - as whoever starts a program sets it
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    print(os.getpid(), flush=True)
    main(["serve", *arguments], prog_name="vivavoce")


if __name__ == "__main__":
    prepare()
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            serve(**json.loads(line))
        os.waitpid(pid, 0)
        print("over", flush=True)
