"""A speech child that misbehaves in the way named by its argument: `python -m tests.emulators.unruly_child
MODE`."""

import sys
import time

from server.providers.embedded.pipe import Progress, Ready, Spoken, read_body, write

PATIENCE = 60.0


def main(mode: str) -> None:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    if mode == "vanish":
        return
    if mode == "babble":
        sink.write(b"espeak-ng 1.52\n" * 1000)
        sink.flush()
        time.sleep(PATIENCE)
    if mode == "mute":
        time.sleep(PATIENCE)
    write(sink, Ready(mode))
    if mode == "deaf":
        time.sleep(PATIENCE)
    while read_body(source) is not None:
        if mode == "garbage":
            sink.write(b"\xff" * 4096)
            sink.flush()
        elif mode == "boast":
            sink.write((1 << 30).to_bytes(4, "big"))
            sink.flush()
        elif mode == "stranger":
            write(sink, Progress(999_999, 1, "not of this lease"))
        elif mode == "confused":
            write(sink, Spoken(999_999, b"", ()))
        # `stall` reads and answers nothing


if __name__ == "__main__":
    main(sys.argv[1])
