"""The program's own commands."""

from collections.abc import Mapping
from types import MappingProxyType

BUILTIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "train": ("gaussrep.cli.train:train", "Train a method, or go on with a run."),
        "inspect": ("gaussrep.cli.inspect:inspect", "Write a report on what a run learned."),
        "evaluate": ("gaussrep.cli.evaluate:evaluate", "Measure what a run learned."),
        "embed": ("gaussrep.cli.embed:embed", "Write the embeddings of a folder of pictures."),
        "fit": ("gaussrep.cli.fit:fit", "Fit the Gaussians of one scene to posed pictures."),
        "render": ("gaussrep.cli.render:render", "Draw a file of Gaussians."),
        "view": ("gaussrep.cli.view:view", "Look at a file or a run in the browser."),
        "convert": ("gaussrep.cli.convert:convert", "Convert between file formats."),
        "migrate": ("gaussrep.cli.migrate:migrate", "Convert a run folder of an older gaussrep."),
        "prepare-scannet": (
            "gaussrep.cli.prepare_scannet:prepare_scannet",
            "Bring the raw release of ScanNet into the layout that is read here.",
        ),
        "plugins": ("gaussrep.cli.plugins:plugins", "List every component that is installed."),
        "new-plugin": ("gaussrep.cli.new_plugin:new_plugin", "Write a small plugin of your own."),
        "doctor": ("gaussrep.cli.doctor:doctor", "Import everything and say what is broken."),
    }
)
"""Import string and summary of each command, by name, in the order of the help."""
