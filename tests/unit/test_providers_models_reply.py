"""A model's reply, read while it comes, whatever it is."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.providers.models.decision import assessed, decided
from server.providers.models.reply import (
    ASSESSMENT,
    INTERVIEW,
    LACKS,
    LONGEST_REPLY,
    TECHNIQUES,
    VERDICTS,
    ReplyForm,
    ReplyReader,
    ReplyUnusable,
    rendered,
)
from server.providers.models.rules_per_model import Style
from tests.support.model_requests import request

STYLES: Sequence[Style] = ("schema", "lines")
PROBE = {
    "verdict": "vague",
    "which": "none",
    "lack": "term",
    "technique": "mirroring",
    "span": "a mess",
    "say": "You said a mess. What was that like?",
}
ASKED = request("it's a mess")

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
replies = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(VERDICTS),
        "which": st.sampled_from(("none", "skip", "stop", "severe")),
        "lack": st.sampled_from(("none", *LACKS)),
        "technique": st.sampled_from(("none", *TECHNIQUES)),
        "span": words,
        "say": words,
    }
)


def read(pieces: Sequence[str], style: Style, form: ReplyForm = INTERVIEW) -> dict[str, object]:
    reader = ReplyReader(form, style)
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.fields


def cut(text: str, places: Sequence[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@given(replies, st.sampled_from(STYLES), st.lists(st.integers(0, 10_000), max_size=12))
def test_however_a_reply_is_cut_its_fields_are_the_same(
    fields: dict[str, str], style: Style, places: list[int]
) -> None:
    text = rendered(INTERVIEW, style, fields)
    try:
        whole: dict[str, object] | None = read([text], style)
    except ReplyUnusable:
        whole = None
    try:
        pieced = read(cut(text, places), style)
    except ReplyUnusable:
        pieced = None

    assert whole == pieced


@given(replies, st.sampled_from(STYLES))
def test_what_is_decided_early_is_what_is_decided_at_the_end(fields: dict[str, str], style: Style) -> None:
    text, reader, early = rendered(INTERVIEW, style, fields), ReplyReader(INTERVIEW, style), None
    try:
        for character in text:
            reader.feed(character)
            early = early or decided(ASKED, reader.fields, "m")
        reader.finish()
        late = decided(ASKED, reader.fields, "m")
    except ReplyUnusable:
        return

    assert late is not None
    assert early in (None, late)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))))
def test_garbage_is_unusable_and_nothing_worse(garbage: str) -> None:
    for style in STYLES:
        for form in (INTERVIEW, ASSESSMENT):
            with pytest.raises(ReplyUnusable):
                read([garbage], style, form)


@pytest.mark.parametrize("value", ["[" * 4_000, '["\ud800"]', '["\\ud800"]', "{" * 4_000])
@pytest.mark.parametrize("style", STYLES)
def test_no_depth_and_no_half_of_a_character_is_worse_than_unusable(style: Style, value: str) -> None:
    lines = f"verdict: sufficient\nwhich: none\nvalues: {value}\nedges: []\n"
    text = f'{{"verdict": "sufficient", "which": "none", "values": {value}'

    with pytest.raises(ReplyUnusable):
        read([lines if style == "lines" else text], style, ASSESSMENT)


@given(
    st.dictionaries(
        st.sampled_from((*PROBE, "x")), st.one_of(st.none(), st.integers(), words, st.lists(words))
    )
)
def test_any_other_object_is_unusable_or_has_all_fields(fields: dict[str, object]) -> None:
    try:
        found = read([msgspec.json.encode(fields).decode()], "schema")
    except ReplyUnusable:
        return

    assert tuple(PROBE) == tuple(found)


@pytest.mark.parametrize("style", STYLES)
def test_a_verdict_that_nothing_follows_does_not_wait_for_the_end(style: Style) -> None:
    text = rendered(INTERVIEW, style, {**PROBE, "verdict": "refused"})
    reader = ReplyReader(INTERVIEW, style)
    reader.feed(text[: text.index("lack")])
    judgement = decided(ASKED, reader.fields, "m")

    assert judgement is not None
    assert "refused" == judgement.verdict


@pytest.mark.parametrize("style", STYLES)
def test_a_probe_waits_for_its_last_word(style: Style) -> None:
    text = rendered(INTERVIEW, style, PROBE)
    reader = ReplyReader(INTERVIEW, style)
    reader.feed(text[:-5])

    assert decided(ASKED, reader.fields, "m") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Sure! Here is my judgement:\nverdict: vague",
        "verdict: jailbroken",
        "which: none\nverdict: vague",
        "verdict: vague\nverdict: vague",
        "verdict: vague\nwhich: none\nlack: none\ntechnique: none\nspan:\nsay:\nand: more",
        "verdict: vague\nwhich: \ud800",
    ],
)
def test_lines_that_were_not_asked_for_are_unusable(text: str) -> None:
    with pytest.raises(ReplyUnusable):
        read([text], "lines")


@pytest.mark.parametrize(
    "text",
    [
        '["vague"]',
        '{"verdict": "vague"}',
        '{"which": "none", "verdict": "vague"}',
        '{"verdict": "vague", "verdict": "refused"}',
        '{"verdict": ["vague"], "which": "none"}',
        '```json\n{"verdict": "vague"}',
        '{"verdict": "vague", "which": "none", "lack": "term", "technique": "mirroring", "span": "", '
        '"say": "a\\u0007b"}',
        "[" * 5_000,
    ],
)
def test_json_that_was_not_asked_for_is_unusable(text: str) -> None:
    with pytest.raises(ReplyUnusable):
        read([text], "schema")


@pytest.mark.parametrize("style", STYLES)
def test_a_reply_without_an_end_is_cut_off(style: Style) -> None:
    beginning = '{"verdict": "' if style == "schema" else ""

    with pytest.raises(ReplyUnusable):
        read([beginning, *["aa"] * LONGEST_REPLY], style)


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False), words, st.none()), max_size=5))
def test_edges_that_nobody_named_never_hold(edges: list[object]) -> None:
    fields = {"verdict": "sufficient", "which": "none", "values": [], "edges": edges}
    judgement = assessed(request("yes", edges=(4,)), fields, "m")

    assert judgement is not None
    assert set(judgement.assessed) <= {4}
