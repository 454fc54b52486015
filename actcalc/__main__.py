"""The program ``actcalc``, also run as ``python -m actcalc``."""

import gc
import signal
import sys


def run() -> None:
    """Run the command line and leave with its exit status."""
    # A reader that has seen enough, as in `actcalc ... | head`, ends us as it ends other filters.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Nothing that the imports make is garbage; looking for it takes a tenth of the start-up time.
    gc.disable()
    try:
        from actcalc.cli.app import main

        gc.freeze()
        gc.enable()
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
