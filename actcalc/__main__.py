"""The program ``actcalc``, also run as ``python -m actcalc``."""

import signal

# From here on Ctrl-C ends the program as it ends other filters, unless the parent process ignores it.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import gc
import os
import sys


def run() -> None:
    """Run the command line and leave with its exit status."""
    # When a reader stops early, as in `actcalc ... | head`, we end as other filters do.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Imports leave no garbage, and collecting it takes a tenth of the start-up time.
    gc.disable()
    from actcalc.cli.app import main

    gc.freeze()
    gc.enable()
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    # -m puts the current directory, if it exists, first in sys.path; its files must not shadow our imports.
    try:
        here = [os.getcwd()]
    except OSError:
        here = []
    if here == sys.path[:1] and not sys.flags.safe_path:
        del sys.path[0]
    run()
