"""The voice of ElevenLabs: live over websockets that carry several utterances each, ahead over HTTP."""
