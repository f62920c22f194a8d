"""Signals in, outputs out: the interview as pure logic. Knows no audio frame, no socket and no clock."""
