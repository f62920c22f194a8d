"""What the server and its speech children say to each other."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.providers.embedded.pipe import (
    MAX_MESSAGE_BYTES,
    Audio,
    EndLease,
    FromDecoder,
    PipeError,
    Ready,
    StartLease,
    ToDecoder,
    read_body,
    write,
)


def test_messages_come_out_as_they_went_in() -> None:
    stream = io.BytesIO()
    sent = [StartLease(7, "41,-5"), Audio(b"\1\0"), EndLease()]
    for message in sent:
        write(stream, message)
    stream.seek(0)
    decoder = msgspec.msgpack.Decoder(ToDecoder)
    received = [decoder.decode(body) for body in iter(lambda: read_body(stream), None)]

    assert sent == received


@pytest.mark.parametrize("length", [0, MAX_MESSAGE_BYTES + 1, 0xFFFFFFFF])
def test_a_length_out_of_bounds_is_refused_before_anything_is_read(length: int) -> None:
    stream = io.BytesIO(length.to_bytes(4, "big") + b"x")

    with pytest.raises(PipeError):
        read_body(stream)
    assert 4 == stream.tell()


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 6])
def test_a_message_cut_off_is_the_end(cut: int) -> None:
    whole = io.BytesIO()
    write(whole, Ready("engine"))

    assert read_body(io.BytesIO(whole.getvalue()[:cut])) is None


@given(st.binary(max_size=200))
def test_garbage_is_an_end_a_fault_or_a_message_and_nothing_else(garbage: bytes) -> None:
    try:
        body = read_body(io.BytesIO(garbage))
        if body is not None:
            msgspec.msgpack.decode(body, type=FromDecoder)
    except (PipeError, msgspec.MsgspecError):
        pass
