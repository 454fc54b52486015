"""The headings under which ``--help`` of a command with many options has them, in order."""

from collections.abc import Mapping, Sequence

HEADINGS: Mapping[str, Sequence[str]] = {
    heading: options.split()
    for heading, options in {
        "Function": "--of --param --order --at-kink --given-a",
        "Points": "--from --to --step --num --at --points --all-values --order-by --entries --column"
        " --columns --invalid",
        "Numbers": "--dtype --out-dtype --rounding --overflow --digits --decimals --bits --hex --exact"
        " --plain",
        "How it runs": "--arrays --slope --backend --device --compile",
        "What passes": "--max-ulp --atol --rtol check:--digits --strict-zero --flush-to-zero --daz"
        " --strict-subnormals --against --baseline --ceiling",
        "All values": "audit:--all-values --workers --resume --shard --merge --cluster",
        "Picture": "--error --size --title --ylim --panels --dark --dpi --ascii",
        "Page": "--vary --locale",
        "Output": "--format --output --worst --ranges --plot --quiet --help",
    }.items()
}
"""Options by their long names; one that belongs elsewhere in some command is listed there after its name."""

FEW = 12
"""So many options need no headings."""


def heading_of(command: str, option: str) -> tuple[str, int]:
    """The heading of an option, and its place below it."""
    for name in (f"{command}:{option}", option):
        for heading, options in HEADINGS.items():
            if name in options:
                return heading, options.index(name)
    raise KeyError(option)
