"""What the catalog says without starting anything."""

from server.providers.catalog import warnings


def test_a_vendors_key_that_has_no_effect_yet_is_told_in_one_sentence() -> None:
    said = warnings({"deepgram_api_key": True, "elevenlabs_api_key": False, "unknown": True})

    assert ("DEEPGRAM_API_KEY is set, but this release listens with the embedded providers only.",) == said


def test_without_keys_there_is_nothing_to_tell() -> None:
    assert () == warnings({})
