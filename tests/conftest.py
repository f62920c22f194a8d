"""What holds for every test."""

from hypothesis import HealthCheck, settings

# no test is timed: how long an example takes says more about the machine than about the product
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
