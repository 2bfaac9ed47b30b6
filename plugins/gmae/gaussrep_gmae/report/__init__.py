"""Reports of `gaussrep inspect` on GMAE and MAE runs."""

from gaussrep_gmae.report.gmae import write_report
from gaussrep_gmae.report.mae import write_mae_report

__all__ = ["write_mae_report", "write_report"]
