"""How well an interview was led, read off its log. Leads none."""
