"""Give another environment the torch of this one through hard links, without 5 GB more on the disk.

python .ci/link_torch.py PYTHON

PYTHON is the interpreter of the other environment. Where links are impossible, pip installs a
torch of its own there.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

PACKAGES = re.compile(r"(torch|torchvision|triton|(nvidia|cuda)[-_].+)", re.IGNORECASE)
ASK = (
    "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_path('purelib'), sep='\\n')"
)


def link_torch(python: str | Path) -> None:
    """Link every file of torch, and of the packages it brings, into an environment.

    Args:
        python: Interpreter of the environment, which holds no torch yet.
    """
    command = [python, "-c", ASK]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    *version, folder = asked.stdout.splitlines()
    if version != [str(number) for number in sys.version_info[:2]]:
        print(f"torch is not linked: {python} is Python {'.'.join(version)}")
        return
    try:
        for distribution in torch_distributions():
            link_files(distribution, Path(folder))
    except OSError as error:
        print(f"torch is not linked: {error}")


def torch_distributions() -> Iterator[Distribution]:
    """Yield the installed distributions of torch and of its libraries."""
    for distribution in distributions():
        if PACKAGES.fullmatch(distribution.metadata["Name"]):
            yield distribution


def link_files(distribution: Distribution, folder: Path) -> None:
    """Link the files of a distribution, commands excepted; its record comes last."""
    files = [file for file in distribution.files or () if ".." not in file.parts]
    for file in sorted(files, key=lambda file: file.name == "METADATA"):
        source, target = Path(str(distribution.locate_file(file))), folder / file
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)


if __name__ == "__main__":
    link_torch(sys.argv[1])
