from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, unknown_names


@pytest.fixture(autouse=True)
def bare_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"VIVAVOCE_{name.upper()}", raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def faults(**flags: object) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.load(**flags)
    return refused.value.faults


def test_with_nothing_set_everything_has_a_default(tmp_path: Path) -> None:
    settings = Settings.load()

    assert f"sqlite:///{tmp_path}/data/vivavoce.db" == settings.database_url
    assert settings.public_url == "http://localhost:8080"
    assert settings.anthropic_api_key is None


def test_flags_go_before_the_environment_and_that_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("vivavoce.toml").write_text("port = 1\nhost = '10.0.0.1'\nmax_sessions = 3\n")
    monkeypatch.setenv("VIVAVOCE_PORT", "2")
    monkeypatch.setenv("VIVAVOCE_HOST", "10.0.0.2")
    settings = Settings.load(port=4000, host=None)

    assert (4000, "10.0.0.2", 3) == (settings.port, settings.host, settings.max_sessions)
    assert settings.public_url == "http://10.0.0.2:4000"


def test_an_empty_variable_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "")

    assert Settings.load().port == 8080


def test_the_keys_of_vendors_have_their_own_names_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "dg-very-secret")
    settings = Settings.load()

    assert settings.deepgram_api_key is not None
    assert settings.deepgram_api_key.get_secret_value() == "dg-very-secret"
    assert "very-secret" not in repr(settings)


def test_a_key_is_taken_without_what_a_file_puts_around_it_and_never_with_what_no_key_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "dg-very-secret\n")
    taken = Settings.load().vendor("deepgram")
    monkeypatch.setenv("DEEPGRAM_API_KEY", "dg–very-secret")
    (told,) = faults()

    assert taken.key == "dg-very-secret"
    assert told.startswith("DEEPGRAM_API_KEY: it has characters that no key has")
    assert "very-secret" not in told


def test_relays_come_as_json_or_as_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_ICE_SERVERS", '[{"urls": ["stun:stun.example.org"]}]')
    from_environment = Settings.load().ice_servers
    monkeypatch.delenv("VIVAVOCE_ICE_SERVERS")
    Path("vivavoce.toml").write_text('[[ice_servers]]\nurls = ["stun:stun.example.org"]\n')

    assert from_environment == Settings.load().ice_servers
    assert from_environment[0].urls == ["stun:stun.example.org"]


def test_all_faults_are_told_at_once_each_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "abc")
    monkeypatch.setenv("VIVAVOCE_DATABASE_URL", "mysql://x")
    monkeypatch.setenv("VIVAVOCE_ICE_SERVERS", "[")
    monkeypatch.setenv("VIVAVOCE_PUBLIC_URL", "ftp://x")
    told = faults(log_level="loud")

    assert 5 == len(told)
    for name in ("PORT", "DATABASE_URL", "ICE_SERVERS", "PUBLIC_URL", "LOG_LEVEL"):
        assert [sentence for sentence in told if sentence.startswith(f"VIVAVOCE_{name} is ")]
    assert all(sentence.endswith("on the command line.") for sentence in told)


def test_a_fault_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_SECRET_KEY", "short-secret")
    told = faults()

    assert told[0].startswith("VIVAVOCE_SECRET_KEY: it should have at least 32")
    assert "short-secret" not in told[0]


def test_a_file_that_cannot_be_read_is_one_sentence() -> None:
    Path("vivavoce.toml").write_text("port = = 1")
    broken = faults()
    Path("vivavoce.toml").unlink()
    Path("vivavoce.toml").mkdir()

    assert "vivavoce.toml is not valid TOML" in broken[0]
    assert "vivavoce.toml can't be read" in faults()[0]


def test_mistyped_names_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PROT", "1")
    monkeypatch.setenv("VIVAVOCE_PORT", "1")
    monkeypatch.setenv("VIVAVOCE_ZZZZ", "1")
    monkeypatch.setenv("VIVAVOCE_DEEPGRAM_API_KEY", "secret")
    Path("vivavoce.toml").write_text("hots = 'x'\n")

    assert unknown_names() == [
        "VIVAVOCE_DEEPGRAM_API_KEY sets nothing; is DEEPGRAM_API_KEY meant?",
        "VIVAVOCE_PROT sets nothing; is VIVAVOCE_PORT meant?",
        "VIVAVOCE_ZZZZ sets nothing.",
        "hots in vivavoce.toml sets nothing; is host meant?",
    ]
