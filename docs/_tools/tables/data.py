"""Table of the loading of JPEGs: one row per data set."""

from tables.markdown import origin, read_results, table

NAMES = {
    "ImageFolder": "torchvision's `ImageFolder`",
    "huggingface, streamed": "`huggingface`, streamed",
}
HEAD = [
    "data set", "images/s", "images/s of processor time", "relative to `ImageFolder`",
    "MB of workers, early … late",
]  # fmt: skip


def data_table() -> str:
    """Generate the table of throughput and memory."""
    content = read_results("data")
    memory = {row["dataset"]: row["private_mb"] for row in content["memory"]}

    def grown(name: str) -> str:
        return f"{memory[name][1]:.0f} … {memory[name][-1]:.0f}" if name in memory else ""

    body = [
        [
            NAMES.get(row["dataset"], f"`{row['dataset']}`"),
            f"{row['images_per_second']:.0f}",
            f"{row['images_per_processor_second']:.0f}",
            f"{row['ratio']:.2f}",
            grown(row["dataset"]),
        ]
        for row in content["results"]
    ]
    settings = content["settings"]
    caption = (
        f"{settings['workers']} workers, median of {settings['turns']} turns; memory after a "
        f"tenth and at the end of {settings['steps']:,} steps; "
    )
    return table(HEAD, body, caption + origin(content))
