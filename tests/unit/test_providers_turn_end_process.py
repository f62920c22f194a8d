import os
import resource
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from server.providers import turn_end_process
from server.providers.embedded.pipe import Ready, read_body
from server.providers.turn_end_pipe import FromTurnEnd, Unfit
from server.providers.turn_end_process import MAX_MEMORY_BYTES, serve


def test_where_the_system_tells_no_size_no_bound_is_set(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    turn_end_process._bound_memory(tmp_path / "no-proc" / "statm")

    assert before == resource.getrlimit(resource.RLIMIT_AS)


BOUND = """
import resource, sys
from server.providers.turn_end_process import _bound_memory
hard = int(sys.argv[1])
if hard:
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
_bound_memory()
print(*resource.getrlimit(resource.RLIMIT_AS))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks Linux for its size")
@pytest.mark.parametrize("hard", [0, MAX_MEMORY_BYTES])
def test_memory_is_bounded_and_a_bound_that_is_there_already_is_kept(hard: int) -> None:
    told = subprocess.run([sys.executable, "-c", BOUND, str(hard)], capture_output=True, check=True)
    soft, still_hard = map(int, told.stdout.split())

    assert (hard or resource.RLIM_INFINITY) == still_hard
    if hard:
        assert hard == soft
    else:
        assert MAX_MEMORY_BYTES < soft < 2 * MAX_MEMORY_BYTES


def test_the_child_is_ready_before_it_loads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(turn_end_process, "_bound_memory", lambda: None)  # it would be that of the tests
    sink = BytesIO()
    serve(tmp_path / "nothing.onnx", BytesIO(), sink)
    sink.seek(0)
    decoder = msgspec.msgpack.Decoder(FromTurnEnd)
    messages = []
    while (body := read_body(sink)) is not None:
        messages.append(decoder.decode(body))

    assert isinstance(messages[0], Ready)
    assert isinstance(messages[1], Unfit)
    assert 2 == len(messages)
