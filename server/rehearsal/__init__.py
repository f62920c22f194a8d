"""Simulated participants: they come in by the door that people use, and know what a page knows."""
