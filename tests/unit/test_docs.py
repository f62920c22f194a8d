import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from dialog.blueprint import Agent, Blueprint, Depth, FieldType, Node, Operator, Patience, Technique
from dialog.blueprint import Settings as BlueprintSettings
from dialog.blueprint_validation import read_blueprint, validate_graph
from server.__main__ import COMMANDS
from server.rehearsal.persona import load_persona, spoken_clip
from server.settings import PREFIX, VENDOR_KEYS, Settings
from tests.support.command_line import EXAMPLES, run_command
from tests.support.house import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
BLUEPRINTS = (ROOT / "docs" / "blueprints.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STUDIES = sorted(path.parent for path in EXAMPLES.glob("*/blueprint.json"))


def _rooms_named() -> set[str]:
    """What ARCHITECTURE.md calls by a path, or names in its table of rooms."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text[text.index("| in `server/` | is |") : text.index("In `dialog`, beside")]
    return set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", text)) | set(re.findall(r"`([a-z_]+)`", table))


def _targets() -> set[str]:
    """The words of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    return set(phony.split())


def test_there_are_examples() -> None:
    assert "product-discovery" in [study.name for study in STUDIES]


def test_every_room_that_the_architecture_names_is_there() -> None:
    stems = {
        path.relative_to(ROOT).with_suffix("").as_posix()
        for package in ("server", "media", "dialog", "static")
        for path in (ROOT / package).rglob("*")
    }
    gone = [name for name in _rooms_named() if not any(f"/{stem}".endswith(f"/{name}") for stem in stems)]

    assert [] == gone


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


def test_the_table_of_settings_names_every_setting_and_its_default() -> None:
    rows = re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| (.+?) \| .+ \|$", OPERATING, re.MULTILINE)
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


def test_the_blueprint_to_copy_has_neither_fault_nor_warning() -> None:
    (written,) = re.findall(r"^```json\n(.+?)^```", BLUEPRINTS, re.MULTILINE | re.DOTALL)
    design, faults = read_blueprint(json.loads(written))

    assert [] == faults
    assert design is not None
    assert () == tuple(validate_graph(design).warnings)


def _told_fields(heading: str) -> set[str]:
    """The names in the first column of a table of docs/blueprints.md."""
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", BLUEPRINTS, re.MULTILINE | re.DOTALL)
    first = re.findall(r"^\| (`.+?) \|", part, re.MULTILINE)
    return {name for cell in first for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("heading", "part"),
    [("The whole", Blueprint), ("The agent", Agent), ("A node", Node), ("Settings", BlueprintSettings)],
)
def test_every_field_of_a_blueprint_is_told_of(heading: str, part: type[BaseModel]) -> None:
    fields = {field.alias or name for name, field in part.model_fields.items()}

    assert fields == _told_fields(heading)


@pytest.mark.parametrize("choices", [Technique, Patience, Depth, FieldType, Operator])
def test_every_choice_that_a_blueprint_has_is_told_of(choices: Any) -> None:
    assert [] == [choice for choice in get_args(choices) if f"`{choice}`" not in BLUEPRINTS]


PAGES = sorted(path for path in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(path.parts))


def _anchors(page: Path) -> set[str]:
    """What its headings are called in addresses."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]
    targets = [(link, *link.partition("#")[::2]) for link in links]
    files = {link: page.parent / place if place else page for link, place, _ in targets}

    assert [] == [link for link in links if not files[link].exists()]
    assert [] == [link for link, _, anchor in targets if anchor and anchor not in _anchors(files[link])]


def test_the_index_of_the_documentation_names_every_page() -> None:
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")

    assert [] == [page for page in sorted(pages - {"README.md"}) if f"({page})" not in index]
