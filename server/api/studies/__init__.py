"""The Studies API: agents, blueprints, ways to come, runs, and who is told of them."""
