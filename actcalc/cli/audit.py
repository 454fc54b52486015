"""``actcalc audit``: a framework's activations compared with the right values."""

import os
from typing import Annotated

from actcalc.activations.declaration import QUANTITIES, parse_quantity
from actcalc.cli.options import (
    Atol,
    Daz,
    FlushToZero,
    MaxUlp,
    Output,
    Overflow,
    Rounding,
    Rtol,
    argument,
    complete_files,
    complete_parameters,
    flag,
    format_option,
    offer,
    value,
)
from actcalc.cli.requests import exclude, judge, whole_number
from actcalc.errors import ActcalcError, join_names
from actcalc.frameworks.registry import ARRAYS, FRAMEWORKS
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import ARRAYS as NUMBERS_ALONE
from actcalc.output.formats import TEXT_FORMATS, check_format, format_of


def audit(
    words: Annotated[
        list[str],
        argument(
            "TARGET... [NAME...]",
            f"{', '.join(FRAMEWORKS)}, or a function MODULE:NAME; then activations, by default all. With"
            " --merge, journals.",
            offer(FRAMEWORKS),
        ),
    ],
    param: Annotated[
        list[str] | None,
        value(
            "NAME=VALUE",
            "Set a parameter, also of MODULE:NAME if it has it.",
            "--param",
            "-p",
            complete=complete_parameters,
        ),
    ] = None,
    of: Annotated[
        list[str] | None,
        value(
            "WHAT",
            "g, dg, d2g to d8g; repeatable.  [default: g and dg]",
            "--of",
            complete=offer(QUANTITIES),
        ),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        value(
            "FORMAT",
            "A float format, or integers for MODULE:NAME: q3.12, s8:SCALE,ZERO; repeatable.  [default: all"
            " from 16 bits]",
            complete=offer(FORMATS),
        ),
    ] = None,
    out_dtype: Annotated[
        str | None,
        value(
            "FORMAT",
            "Format of the results, if it is not that of z.",
            "--out-dtype",
            complete=offer(FORMATS),
        ),
    ] = None,
    rounding: Rounding = None,
    overflow: Overflow = None,
    points: Annotated[str, value("N", "Points in formats of more than 16 bits.")] = "20000",
    start: Annotated[str | None, value("Z", "The least z.", "--from")] = None,
    stop: Annotated[str | None, value("Z", "The greatest z.", "--to")] = None,
    max_ulp: MaxUlp = None,
    atol: Atol = None,
    rtol: Rtol = None,
    worst: Annotated[str, value("N", "List the N worst points of each row.")] = "0",
    every_range: Annotated[bool, flag("Show the errors by decade of z.", "--ranges")] = False,
    plot: Annotated[
        str | None,
        value(
            "FILE",
            "Plot errors against z into a .svg, .png or .pdf file.",
            "--plot",
            complete=complete_files,
        ),
    ] = None,
    flush_to_zero: FlushToZero = False,
    daz: Daz = False,
    strict_subnormals: Annotated[
        bool,
        flag("Pass neither of the two.  [default: both]", "--strict-subnormals"),
    ] = False,
    device: Annotated[str | None, value("DEVICE", "Where to compute, such as cuda.")] = None,
    compiled: Annotated[bool, flag("Compile each function first.", "--compile", "--jit")] = False,
    arrays: Annotated[
        str, value("KIND", f"Arrays that MODULE:NAME takes: {join_names(('numpy', *ARRAYS))}.")
    ] = "numpy",
    slope: Annotated[str | None, value("MODULE:NAME", "The function that computes the slope.")] = None,
    backend: Annotated[
        list[str] | None,
        value("NAME", "Backend of keras: jax, torch or tensorflow; repeatable."),
    ] = None,
    baseline: Annotated[
        str | None, value("FILE", "An earlier audit as JSON: fail only what got worse.")
    ] = None,
    ceiling: Annotated[str | None, value("X", "Fail errors over X ulps whatever the baseline says.")] = None,
    against: Annotated[
        str | None,
        value(
            "TARGET",
            "An earlier version: one table, before -> after.",
            complete=offer(FRAMEWORKS),
        ),
    ] = None,
    all_values: Annotated[bool, flag("Run all values of formats of 16 or 32 bits.", "--all-values")] = False,
    workers: Annotated[str | None, value("N", "Number of processes.  [default: all cores]")] = None,
    cluster: Annotated[str | None, value("ADDRESS", "A Dask scheduler that distributes the work.")] = None,
    resume: Annotated[str | None, value("FILE", "Keep a journal, and continue from it.")] = None,
    shard: Annotated[str | None, value("I/N", "Run only the Ith of N parts.")] = None,
    merge: Annotated[bool, flag("Merge the journals of shards into a report.", "--merge")] = False,
    format_name: Annotated[
        str | None, format_option(f"One of {', '.join(TEXT_FORMATS)}, junit.  [default: table]", "junit")
    ] = None,
    output: Output = None,
    quiet: Annotated[bool, flag("Print no progress and no summary on stderr.", "--quiet", "-q")] = False,
) -> int:
    """Run the activations of a framework at many points; exit status 1 if one fails.

    A row fails if an error exceeds --max-ulp, a sign is wrong, a result is wrongly infinite, NaN or zero, or
    its dtype is another.

    \b
    Examples:
      actcalc audit torch
      actcalc audit jax gelu gelu_tanh silu --dtype bfloat16
      actcalc audit torch 'gelu*' --of dg
      actcalc audit kernels:fast_gelu gelu --dtype float32 --slope kernels:slope
      actcalc audit kernels:int8 sigmoid --dtype s8:0.1,0 --out-dtype u8:1/256,0
      actcalc audit kernels:fast_gelu gelu --against old_kernels:gelu --plot a.svg
      actcalc audit torch -f json -o accuracy.json
      actcalc audit torch --baseline accuracy.json
      actcalc audit kernels:tanh tanh --all-values --dtype fp32 --resume tanh.log
    """
    form = format_of(output) or "table" if format_name is None else check_format(format_name, ["junit"])
    if form in NUMBERS_ALONE:
        raise ActcalcError(
            f"an audit cannot be written as {form}", "use a file name that ends in .json, .csv or .md"
        )
    from actcalc.checking.audit import Options
    from actcalc.checking.domain import parse_domain
    from actcalc.checking.formats import Results
    from actcalc.checking.judge import LENIENT, parse_bound
    from actcalc.cli import audits
    from actcalc.cli.streams import others_at_work
    from actcalc.frameworks.spec import Spec
    from actcalc.numbers.roundings import number_format
    from actcalc.output.files import check_writable

    sink = audits.Sink(form, output, quiet, plot, every_range)
    sink.check()
    if merge:
        return sink.write(*audits.rows_of_journals(words))
    specs, names = audits.read_targets(words, Spec("", device, compiled, arrays, slope), backend or [])
    if against is not None:
        exclude("--against", {"--all-values": all_values, "--baseline": baseline, "--ceiling": ceiling})
        specs = audits.before_and_after(specs, against)
    part = audits.shard(shard)
    only = {"workers": workers, "cluster": cluster, "resume": resume, "shard": shard}
    for option, given in only.items():
        if given is not None and not all_values:
            raise ActcalcError("needs --all-values", about=option)
    if shard is not None and resume is None:
        raise ActcalcError(
            "--shard needs --resume FILE: the parts are merged from their journals",
            f"for example: --shard {shard} --resume shard-{part[0]}.log",
        )
    if resume is not None:
        check_writable(resume)
    if all_values and len(specs) > 1:
        raise ActcalcError("--all-values takes one target")
    fmts = audits.formats(dtype or [], all_values)
    results = Results(
        None if out_dtype is None else number_format(out_dtype, "out_dtype"), rounding or "nearest", overflow
    )
    for fmt in fmts:
        results.rounding(fmt)
    count = whole_number("--points", points, 2, 100_000_000)
    worst_count = whole_number("--worst", worst, 0, 99999)
    worker_count = whole_number("--workers", workers or str(os.cpu_count() or 1), 1, 10_000)
    quantities = [parse_quantity(what) for what in of or ("g", "dg")]
    fs = audits.activations_of(names, param or [], quiet)
    rule = judge(
        LENIENT,
        max_ulp,
        atol,
        rtol,
        flush_to_zero=flush_to_zero,
        daz=daz,
        strict_subnormals=strict_subnormals,
    )
    domain = parse_domain(start, stop, ("from", "to"))
    for fmt in fmts:
        domain.ordinals(fmt)
    options = Options(rule, worst_count, plot is not None, domain, results)
    most = None if ceiling is None else parse_bound(ceiling, "ceiling")
    before = None if baseline is None else audits.baseline(baseline, specs)
    asked: dict[str, object] = {"judge": rule.as_object(), "worst": worst, "shard": part}
    asked |= {"plot": True} if plot else {}
    rounded = {"out_dtype": out_dtype, "rounding": rounding, "overflow": overflow}
    asked |= {name: given for name, given in rounded.items() if given is not None}
    every = audits.AllValues(part, worker_count, cluster, resume, asked) if all_values else None
    with others_at_work():  # frameworks are imported once all else is known to be sound
        targets = [spec.target() for spec in specs]
        request = audits.AuditRequest(
            specs, targets, fs, fmts, quantities, options, count, every, most, before, against is not None
        )
        outcome = request.run(not quiet)
    return sink.write(*outcome)
