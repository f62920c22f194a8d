"""HTTP for people and carriers."""
