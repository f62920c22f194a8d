"""Bytes in, bytes out: frames, codecs, voice activity, playout recording. Knows no question, no clock."""
