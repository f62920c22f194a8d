"""Deepgram as the recogniser: Flux, which hears ends of turns, and nova-3, which is told where they are."""
