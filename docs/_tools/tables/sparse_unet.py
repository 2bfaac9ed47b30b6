"""Table of times of the sparse U-Net: one row per engine, one column per cloud and pass."""

from tables.markdown import ABSENT, origin, read_results, table

NAMES = {
    "ours": "gaussrep kernels",  # codespell:ignore ours
    "torch": "plain torch",
    "spconv": "spconv",
    "spconv-1": "spconv, one thread",
}
PASSES = {"forward": "forward", "forward-train": "forward, training", "backward": "backward"}


def sparse_unet_table() -> str:
    """Generate the table of median seconds, index tables included."""
    content = read_results("sparse-unet")
    found = {(row["engine"], row["voxels"], row["pass"]): row for row in content["results"]}
    clouds = list(dict.fromkeys(row["voxels"] for row in content["results"]))
    columns = [(voxels, each) for voxels in clouds for each in PASSES]

    def cell(engine: str, voxels: int, each: str) -> str:
        row = found.get((engine, voxels, each))
        return ABSENT if row is None else f"{row['median_ms'] / 1000:.2f} s"

    head = ["engine", *(f"{voxels:,} voxels: {PASSES[each]}" for voxels, each in columns)]
    engines = list(dict.fromkeys(row["engine"] for row in content["results"]))
    body = [[NAMES[engine], *(cell(engine, *column) for column in columns)] for engine in engines]
    settings = content["settings"]
    caption = f"{settings['size']}, float32, {settings['threads']} threads, median of "
    return table(head, body, f"{caption}{settings['repeats']}; {origin(content)}")
