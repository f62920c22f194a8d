import json
import re
from pathlib import Path

import pytest

from dialog.blueprint_validation import read_blueprint
from server.__main__ import COMMANDS
from server.rehearsal.persona import load_persona, spoken_clip
from server.settings import PREFIX, VENDOR_KEYS, Settings
from tests.support.command_line import EXAMPLES, run_command
from tests.support.house import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STUDIES = sorted(path.parent for path in EXAMPLES.glob("*/blueprint.json"))


def _targets() -> set[str]:
    """The words of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    return set(phony.split())


def test_there_are_examples() -> None:
    assert "product-discovery" in [study.name for study in STUDIES]


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_an_example_blueprint_has_no_fault(study: Path) -> None:
    _, faults = read_blueprint(json.loads((study / "blueprint.json").read_text(encoding="utf-8")))

    assert [] == faults


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_an_example_persona_is_spoken_and_answers_its_blueprint(study: Path) -> None:
    blueprint = json.loads((study / "blueprint.json").read_text(encoding="utf-8"))
    persona = load_persona(study / "persona.json")

    assert persona.blueprint == blueprint["name"]
    assert set(persona.answers) <= set(blueprint["graph"]["nodes"])
    assert [] == [text for text in persona.spoken() if spoken_clip(persona, text) is None]


def test_every_command_that_the_readme_names_is_one() -> None:
    named = set(re.findall(r"\bvivavoce ([a-z]+)", README))

    assert named <= set(COMMANDS), named - set(COMMANDS)
    assert set(COMMANDS) <= named, set(COMMANDS) - named


@pytest.mark.parametrize("option", sorted(set(re.findall(r"vivavoce demo.*?(--[a-z-]+)", README))))
def test_every_option_of_demo_that_the_readme_names_is_one(option: str) -> None:
    assert option in run_command("demo", "--help").output


def test_every_make_word_that_is_told_of_is_one() -> None:
    told = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", README + CONTRIBUTING, re.MULTILINE))

    assert {"".join(pair) for pair in told} <= _targets()


def test_every_make_word_is_told_of() -> None:
    told = set(re.findall(r"`make ([a-z-]+)`", CONTRIBUTING))

    assert _targets() == told


def test_the_table_of_settings_in_the_readme_names_every_setting_and_its_default() -> None:
    rows = re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| (.+?) \| .+ \|$", README, re.MULTILINE)
    settings = {
        name.upper(): field for name, field in Settings.model_fields.items() if name not in VENDOR_KEYS
    }
    plain = {
        name: f"`{str(field.default).removesuffix('.0').replace('False', 'false')}`"
        for name, field in settings.items()
        if field.default not in ("", None, ())
    }

    assert list(settings) == [name for name, _ in rows]
    assert plain == {name: told for name, told in rows if name in plain}
