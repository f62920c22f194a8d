"""How audio comes and goes: legs, packets and the metronome. Knows no question and no provider."""
