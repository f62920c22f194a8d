"""The Studies API's documentation for people, made of its OpenAPI file."""
