"""The benchmarks of `tools/benchmark.py`, a module each.

A module has `HELP` for its line in the list, `add_options` for its command line and
`run`, from the options and the folder of results to what is written as JSON.
"""
