"""The headings that ``--help`` puts over the options of a command with many, in order."""

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
"""Long names of options; ``COMMAND:--option`` places one that belongs elsewhere in that command."""

FEW = 12
"""Up to this number of options need no headings."""


def heading_of(command: str, option: str) -> tuple[str, int]:
    """The heading of an option, and its place under that heading."""
    for name in (f"{command}:{option}", option):
        for heading, options in HEADINGS.items():
            if name in options:
                return heading, options.index(name)
    raise KeyError(option)
