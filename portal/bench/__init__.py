"""Benchmarks: workloads, what is measured on them, and against what. Run by `manage.py bench`."""
