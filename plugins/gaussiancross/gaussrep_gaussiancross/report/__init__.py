"""The page behind `gaussrep inspect` for GaussianCross runs."""

from gaussrep_gaussiancross.report.write_report import write_report

__all__ = ["write_report"]
