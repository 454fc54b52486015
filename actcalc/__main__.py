"""The program ``actcalc``, also run as ``python -m actcalc``."""

import signal

# Ctrl-C ends the program as it ends other filters, from here on, unless whoever started it ignores it.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import gc
import os
import sys


def run() -> None:
    """Run the command line and leave with its exit status."""
    # A reader that has seen enough, as in `actcalc ... | head`, ends us as it ends other filters.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Nothing that the imports make is garbage; looking for it takes a tenth of the start-up time.
    gc.disable()
    from actcalc.cli.app import main

    gc.freeze()
    gc.enable()
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    # With -m the current directory, if it is there, comes first, whose files are no modules of ours.
    try:
        here = [os.getcwd()]
    except OSError:
        here = []
    if here == sys.path[:1] and not sys.flags.safe_path:
        del sys.path[0]
    run()
