"""Starts `vivavoce serve` as often as it is told, each in a process of its own that has all modules already.

Started as a program. Each line on stdin holds the arguments of one start, as JSON; the server's process id,
what it prints, and `over` when it is gone, come out on stdout. So a test can kill a real server twenty times
without waiting for twenty imports.
"""

import json
import os
import sys

import server.app
from server.__main__ import main


def serve(arguments: list[str]) -> None:
    """Be a server until told to end, or killed."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    print(os.getpid(), flush=True)
    main(["serve", *arguments], prog_name="vivavoce")


if __name__ == "__main__":
    assert server.app
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            serve(json.loads(line))
        os.waitpid(pid, 0)
        print("over", flush=True)
