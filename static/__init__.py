"""The pages, served as they stand."""
