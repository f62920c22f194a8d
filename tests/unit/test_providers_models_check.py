"""Looking at a model's vendor before any talk: what counts against its key, and what doesn't."""

import httpx2
import pytest

from server.providers.models.anthropic import AnthropicModels
from server.providers.models.openai import OpenAIModels
from server.providers.protocols import ProviderError

MODELS = (OpenAIModels, AnthropicModels)


def vendor(status: int, code: str) -> httpx2.MockTransport:
    """One that lists its models, and answers like this when the one it is asked for has to speak."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/models"):
            return httpx2.Response(200, json={"object": "list", "data": [], "has_more": False})
        error = {"message": "no access to this model", "type": code, "code": code}
        return httpx2.Response(status, json={"type": "error", "error": error})

    return httpx2.MockTransport(answer)


@pytest.mark.parametrize("models", MODELS)
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_project_that_may_not_use_one_model_is_not_turned_off(
    models: type[OpenAIModels | AnthropicModels], status: int
) -> None:
    await models("a-key", transport=vendor(status, "model_not_found")).check()


@pytest.mark.parametrize("models", MODELS)
async def test_an_account_without_credit_is_told(models: type[OpenAIModels | AnthropicModels]) -> None:
    with pytest.raises(ProviderError) as raised:
        await models("a-key", transport=vendor(402, "insufficient_quota")).check()

    assert 402 == raised.value.status
