"""Drops the texts that are kept in memory only so that looking at them again is quicker. They are of all
talks, and whoever had something erased need not trust that other words will soon take their place."""

from dialog.claims import claim_amid
from dialog.echo_words import words_of_speech
from dialog.guarding.repeated import gist, intents
from dialog.lexicon import plain
from dialog.rights import spoken_right


def forget_texts() -> None:
    """Keep no text any more; single words, which are nobody's, stay."""
    for remembered in (claim_amid, gist, intents, plain, spoken_right, words_of_speech):
        remembered.cache_clear()
