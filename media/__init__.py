"""Bytes in, bytes out: frames, codecs, voice activity, playout and recording. Knows no question and no clock."""
