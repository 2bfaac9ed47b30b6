"""Reports behind `gaussrep inspect`: a page built from blocks, its charts and its images."""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.report.builder import (
        Article,
        Block,
        Heading,
        Html,
        Paragraph,
        ReportPage,
        Row,
        Table,
        write_report_page,
    )
    from gaussrep.report.charts import (
        Chart,
        MetricStyles,
        histogram_chart,
        loss_charts,
        metrics_charts,
    )
    from gaussrep.report.images import (
        PANEL_SIZE,
        VIRIDIS,
        Panel,
        css_color,
        encode_data_url,
        layer_colors,
        near_to_far,
        save_png,
    )

__all__ = [
    "PANEL_SIZE",
    "VIRIDIS",
    "Article",
    "Block",
    "Chart",
    "Heading",
    "Html",
    "MetricStyles",
    "Panel",
    "Paragraph",
    "ReportPage",
    "Row",
    "Table",
    "css_color",
    "encode_data_url",
    "histogram_chart",
    "layer_colors",
    "loss_charts",
    "metrics_charts",
    "near_to_far",
    "save_png",
    "write_report_page",
]

_MODULES = {
    "gaussrep.report.builder": (
        *("Article", "Block", "Heading", "Html", "Paragraph", "ReportPage", "Row", "Table"),
        "write_report_page",
    ),
    "gaussrep.report.charts": (
        *("Chart", "MetricStyles", "histogram_chart", "loss_charts", "metrics_charts"),
    ),
    "gaussrep.report.images": (
        *("PANEL_SIZE", "VIRIDIS", "Panel", "css_color", "encode_data_url", "layer_colors"),
        *("near_to_far", "save_png"),
    ),
}

__getattr__ = lazy_names(
    __name__, {name: module for module, names in _MODULES.items() for name in names}
)
