"""A simulation's child that misbehaves in the way named by its argument: `python -m
tests.emulators.unruly_simulation MODE`."""

import os
import signal
import sys
import time

PATIENCE = 60.0
HELD = b'{"type":"TalkHeld","held":1,"planned":11}\n'


def main(mode: str) -> int:
    sys.stdin.buffer.read()
    sys.stdout.buffer.write(HELD)
    sys.stdout.buffer.flush()
    match mode:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(PATIENCE)
        case "garbage":
            sys.stdout.buffer.write(b"\xff{not json\n")
        case "stranger":
            sys.stdout.buffer.write(b'{"type":"AllHeld","talks":"eleven"}\n')
        case "flood":
            sys.stdout.buffer.write(b"x" * (2 << 20))
        case "fail":
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
