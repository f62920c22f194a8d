"""The program that makes one embedded analysis: `python -m server.pipeline.analyst_process` reads a talk
from its standard input and writes the findings. Knows no run and no database.

It gives way to everything else on the machine, and ends by itself when it wants too much of it.
"""

import os
import resource
import sys
from pathlib import Path
from typing import Final

import msgspec

from dialog.analysis import Talk
from dialog.embedded_analyst import findings_of
from dialog.sentiment import Lexicon

NICENESS: Final = 15
MAX_MEMORY_BYTES: Final = 512 << 20
"""Address space beyond what the program itself needs; the longest of talks takes a tenth."""
MAX_CPU_SECONDS: Final = 60
"""So that one whose server was killed ends too."""
VALENCES: Final = Path(__file__).with_name("valences.txt")


def read_lexicon(path: Path = VALENCES) -> Lexicon:
    """The valence of each word: a line holds a valence and the words that have it."""
    lexicon = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        valence, *words = line.split()
        lexicon.update(dict.fromkeys(words, float(valence)))
    return lexicon


def main() -> int:
    os.nice(NICENESS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MAX_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    talk = msgspec.json.decode(sys.stdin.buffer.read(), type=Talk)
    sys.stdout.buffer.write(msgspec.json.encode(findings_of(talk, read_lexicon())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
