from dialog.blueprint import ModelChoice, ModelConfig
from dialog.study import ChosenModel, study_of
from tests.support.small_study import small_blueprint


def test_a_study_tells_whom_its_agent_wants_for_each_task() -> None:
    blueprint = small_blueprint()
    choice = ModelConfig(
        generation=ModelChoice(provider="openai", model="small"),
        assessment=ModelChoice(provider="anthropic", model="large"),
    )
    agent = blueprint.agent.model_copy(update={"model_settings": choice})

    study = study_of(blueprint.model_copy(update={"agent": agent}))

    assert ChosenModel("openai", "small") == study.generation
    assert ChosenModel("anthropic", "large") == study.assessment
