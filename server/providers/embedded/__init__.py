"""Speech and judgement without any vendor: espeak-ng speaks, pocketsphinx listens, rules judge."""


def supports(language: str) -> bool:
    """Tell whether a BCP 47 tag names what the embedded speech knows, which is US English."""
    return language.lower() in ("en", "en-us")
