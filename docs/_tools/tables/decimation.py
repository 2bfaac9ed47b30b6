"""Table of decimation: the images of decimated scenes, by program and share."""

from tables.markdown import ABSENT, origin, read_results, table


def decimation_table() -> str:
    """Generate the table of PSNR and processor time of every program on every scene."""
    content = read_results("decimation")
    rows = content["results"]
    shares = sorted({row["share"] for row in rows}, reverse=True)
    psnr = {(row["scene"], row["program"], row["share"]): f"{row['psnr']:.1f}" for row in rows}
    seconds = {
        (row["scene"], row["program"], row["share"]): f"{row['processor_seconds']:.1f}"
        for row in rows
    }
    scenes = list(dict.fromkeys(row["scene"] for row in rows))
    programs = list(dict.fromkeys(row["program"] for row in rows))
    body = [
        [scene, program, *(psnr.get((scene, program, share), ABSENT) for share in shares),
         seconds.get((scene, program, shares[-1]), ABSENT)]
        for scene in scenes for program in programs
    ]  # fmt: skip
    head = ["scene", "program", *(f"PSNR at {share:.0%}" for share in shares),
            f"processor seconds, {shares[-1]:.0%}"]  # fmt: skip
    texts = content["definitions"]
    names = [*scenes, "dropping", "psnr", "processor_seconds"]
    caption = "; ".join(f"{name.replace('_', ' ')}: {texts[name]}" for name in names)
    return table(head, body, f"{caption}; {origin(content)}, shared with other work")
