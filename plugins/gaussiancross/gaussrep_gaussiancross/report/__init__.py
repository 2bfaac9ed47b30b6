"""The report of GaussianCross runs, written by `gaussrep inspect`."""

from gaussrep_gaussiancross.report.write_report import write_report

__all__ = ["write_report"]
