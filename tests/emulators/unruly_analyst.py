"""An analyst's child that misbehaves in the way named by its argument: `python -m
tests.emulators.unruly_analyst MODE`."""

import os
import resource
import signal
import sys
import time

PATIENCE = 60.0


def main(mode: str) -> int:
    sys.stdin.buffer.read()
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "hang":
        time.sleep(PATIENCE)
    if mode == "garbage":
        sys.stdout.buffer.write(b"\xff{not json" * 1000)
    if mode == "stranger":
        sys.stdout.buffer.write(b'{"summary": "x", "themes": [], "overall": "ecstatic", "by_question": []}')
    if mode == "greedy":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(2 << 30)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
