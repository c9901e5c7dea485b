"""Benchmarks: ratios and medians taken in one run, because a machine is never the same twice."""
