"""Settings for the whole suite."""

import os

from hypothesis import settings

from tests.support import hurry

hurry.wait()
settings.register_profile("actcalc", deadline=None, derandomize=True, database=None, print_blob=False)
settings.load_profile("actcalc")

# Tests that need terminals, signals, limits and bash of Unix.
collect_ignore = (
    [
        *("cli/test_completion.py", "output/test_output.py", "plot/test_plot.py"),
        *("whole/test_processes.py", "whole/test_documents.py"),
    ]
    if os.name == "nt"
    else []
)
