"""Reports behind `gaussrep inspect`: a page built from blocks, its charts and its images."""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.report.builder import Article, ReportPage, Row, Table, Text
    from gaussrep.report.charts import Chart, histogram_chart, metrics_charts
    from gaussrep.report.images import Panel, css_color, near_to_far

__all__ = [
    "Article",
    "Chart",
    "Panel",
    "ReportPage",
    "Row",
    "Table",
    "Text",
    "css_color",
    "histogram_chart",
    "metrics_charts",
    "near_to_far",
]

_MODULES = {
    "gaussrep.report.builder": "Article ReportPage Row Table Text",
    "gaussrep.report.charts": "Chart histogram_chart metrics_charts",
    "gaussrep.report.images": "Panel css_color near_to_far",
}

__getattr__ = lazy_names(
    __name__, {name: module for module, names in _MODULES.items() for name in names.split()}
)
