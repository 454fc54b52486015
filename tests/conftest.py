"""Settings for the whole suite."""

from hypothesis import settings

settings.register_profile("actcalc", deadline=None, derandomize=True, database=None, print_blob=False)
settings.load_profile("actcalc")
