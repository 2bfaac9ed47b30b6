"""The built-in commands."""

from collections.abc import Mapping
from types import MappingProxyType

BUILTIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "train": ("gaussrep.cli.train:train", "Train a method, or resume a run."),
        "inspect": ("gaussrep.cli.inspect:inspect", "Write a report on a trained method."),
        "evaluate": ("gaussrep.cli.evaluate:evaluate", "Evaluate a trained method."),
        "embed": ("gaussrep.cli.embed:embed", "Write the embeddings of a folder of images."),
        "fit": ("gaussrep.cli.fit:fit", "Fit the Gaussians of one scene to posed images."),
        "render": ("gaussrep.cli.render:render", "Render a file of Gaussians."),
        "view": ("gaussrep.cli.view:view", "Show a file or a run in the browser."),
        "convert": ("gaussrep.cli.convert:convert", "Convert between file formats."),
        "edit": (
            "gaussrep.cli.edit:edit",
            "Crop, prune, decimate, transform, merge and sort files.",
        ),
        "info": ("gaussrep.cli.info:info", "Summarize a file of Gaussians."),
        "runs": ("gaussrep.cli.runs:runs", "List the runs in a folder and how far they are."),
        "compare": (
            "gaussrep.cli.compare:compare",
            "Compare runs, paired over their seeds.",
        ),
        "push": (
            "gaussrep.cli.push:push",
            "Publish a run, on the Hugging Face Hub or in a folder.",
        ),
        "migrate": ("gaussrep.cli.migrate:migrate", "Convert a run folder of an older gaussrep."),
        "prepare-scannet": (
            "gaussrep.cli.prepare_scannet:prepare_scannet",
            "Convert the raw release of ScanNet to a data set.",
        ),
        "settings": (
            "gaussrep.cli.settings:settings",
            "List the settings of a method or another component.",
        ),
        "plugins": ("gaussrep.cli.plugins:plugins", "List all installed components."),
        "new-plugin": (
            "gaussrep.cli.new_plugin:new_plugin",
            "Write the sources of a working plugin.",
        ),
        "doctor": ("gaussrep.cli.doctor:doctor", "Import everything and report errors."),
    }
)
"""Import string and summary of each command, by name, in the order of the help."""

COMMAND_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "train": "gaussrep.cli.settings_help:TrainCommand",
        "evaluate": "gaussrep.cli.settings_help:EvaluateCommand",
        "fit": "gaussrep.cli.settings_help:FitCommand",
        "edit": "gaussrep.cli.edit:EditCommand",
    }
)
"""Import string of the class of each command that lists settings or actions in its help."""
