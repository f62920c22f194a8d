"""Programs and providers that behave badly on purpose."""
