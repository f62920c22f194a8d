import io
import logging
from collections.abc import Iterator

import pytest

from server.logs import configure_logs, redact

RUN = "run_" + "a" * 32


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("info", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_record_is_one_line_of_pairs(output: io.StringIO) -> None:
    logging.getLogger("server.live").info("= started", extra={"run": RUN, "sessions": 3})
    stamp, _, rest = output.getvalue().partition(" ")

    assert stamp.endswith("Z")
    assert f'level=info logger=server.live message="= started" run={RUN} sessions=3\n' == rest


def test_hostile_text_makes_no_line_and_no_colour(output: io.StringIO) -> None:
    logging.getLogger("x").info("a\nlevel=error\x1b[31m\u2028", extra={"name_given": 'x" y=1'})

    assert output.getvalue().count("\n") == 1
    assert "\x1b" not in output.getvalue()
    assert "\u2028" not in output.getvalue()
    assert r'name_given="x\" y=1"' in output.getvalue()


@pytest.mark.parametrize("name", ["httpx", "httpx2", "httpcore2.http11", "anthropic._base_client", "openai"])
def test_no_library_tells_addresses_and_prompts(output: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("HTTP Request: POST https://user:word@proxy.example/v1")

    assert output.getvalue() == ""


def test_what_is_below_the_level_is_left_out(output: io.StringIO) -> None:
    logging.getLogger("x").debug("too much")

    assert output.getvalue() == ""


def test_a_traceback_is_set_in_and_without_secrets(output: io.StringIO) -> None:
    try:
        raise ValueError("sk_live_abcdefghijklmnop\nlevel=info")
    except ValueError:
        logging.getLogger("x").exception("! failed")
    lines = output.getvalue().splitlines()

    assert all(line.startswith("| ") for line in lines[1:])
    assert "abcdefghijklmnop" not in output.getvalue()


@pytest.mark.parametrize("name", ["access_token", "secret", "authorization", "dial_in_pin", "api_key"])
def test_a_field_with_the_name_of_a_secret_is_blacked_out(output: io.StringIO, name: str) -> None:
    logging.getLogger("x").info("= known", extra={name: "hunter2hunter2"})

    assert "hunter2" not in output.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "sk_live_SECRETsecret12",
        "key sk_test_SECRETsecret12 refused",
        "jt_SECRETsecret12",
        "at_SECRETsecret12",
        "Authorization: Bearer SECRETsecret12",
        "authorization: token SECRETsecret12",
        f"https://example.org/join/{RUN}#SECRETsecret12",
        '{"access_token": "SECRETsecret12"}',
        "token=SECRETsecret12&x=1",
        "api-key: SECRETsecret12",
    ],
)
def test_whatever_looks_like_a_key_is_blacked_out(text: str) -> None:
    assert "SECRETsecret12" not in redact(text)


@pytest.mark.parametrize("text", ["= 14 tokens used", f"run={RUN}", "the participant pinned it", "at_once"])
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert text == redact(text)
