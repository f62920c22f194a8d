import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api.tokens import LIFETIME_MS, AccessTokens, TokenRefused
from server.store.vault import Vault
from tests.support.store import SECRET, Clock

RUN = "run_" + "1" * 32
OTHER = "run_" + "2" * 32


def refusal(tokens: AccessTokens, token: str, run_id: str = RUN) -> str:
    with pytest.raises(TokenRefused) as refused:
        tokens.check(token, run_id)
    return refused.value.reason


def test_a_token_opens_its_run_for_a_quarter_of_an_hour() -> None:
    clock = Clock()
    tokens = AccessTokens(Vault(SECRET), clock)
    token = tokens.issue(RUN)
    tokens.check(token, RUN)
    clock.now += LIFETIME_MS - 1
    tokens.check(token, RUN)
    clock.now += 1

    assert refusal(tokens, token) == "expired"


def test_a_token_opens_no_other_run() -> None:
    tokens = AccessTokens(Vault(SECRET), Clock())

    assert refusal(tokens, tokens.issue(OTHER)) == "forged"


def test_a_token_of_another_secret_is_forged() -> None:
    stranger = AccessTokens(Vault(SECRET + "!"), Clock())

    assert refusal(AccessTokens(Vault(SECRET), Clock()), stranger.issue(RUN)) == "forged"


def test_no_two_tokens_are_alike() -> None:
    tokens = AccessTokens(Vault(SECRET), Clock())

    assert len({tokens.issue(RUN) for _ in range(100)}) == 100


@given(place=st.integers(3, 77), replacement=st.sampled_from("ABCxyz019-_"))
def test_a_token_changed_in_any_place_is_refused(place: int, replacement: str) -> None:
    tokens = AccessTokens(Vault(SECRET), Clock())
    token = tokens.issue(RUN)
    changed = token[:place] + replacement + token[place + 1 :]

    if changed != token:
        assert refusal(tokens, changed) in ("forged", "malformed")


@given(st.text(max_size=120))
def test_garbage_is_malformed(garbage: str) -> None:
    assert refusal(AccessTokens(Vault(SECRET), Clock()), garbage) == "malformed"


@pytest.mark.parametrize(
    "garbage", ["at_" + "=" * 75, "at_" + "A" * 75, "at_" + "é" * 75, "at_" + "A" * 10**6]
)
def test_garbage_of_the_right_shape_opens_nothing(garbage: str) -> None:
    assert refusal(AccessTokens(Vault(SECRET), Clock()), garbage) in ("malformed", "forged")
