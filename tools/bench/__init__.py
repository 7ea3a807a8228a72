"""Benchmarks: ``python -m tools.bench NAME [--json FILE]``, and ``all --out DIR`` for every one of them.

A benchmark is a module here with ``add_arguments(parser)`` and ``run(arguments) -> Report``, named in the
table of ``__main__``. What it measures, how and against what stands in its docstring.
"""
