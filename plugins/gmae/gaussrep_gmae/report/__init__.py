"""The page behind `gaussrep inspect` for GMAE runs."""

from gaussrep_gmae.report.write import write_report

__all__ = ["write_report"]
