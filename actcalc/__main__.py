"""The program ``actcalc``, also run as ``python -m actcalc``."""

import signal
import sys


def run() -> None:
    """Run the command line and leave with its exit status."""
    # A reader that has seen enough, as in `actcalc ... | head`, ends us as it ends other filters.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from actcalc.cli.app import main

        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
