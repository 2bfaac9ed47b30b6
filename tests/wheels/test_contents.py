"""What the built wheels hold and say of themselves, read without installing them."""

import re
import tomllib
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

import gaussrep

ROOT = Path(__file__).parents[2]
WHEELS = sorted((ROOT / "dist").glob("*.whl"))
TARGETS = re.compile(
    r"\]\(\s*([^)\s]+)|(?:src|href)=[\"']([^\"']+)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE
)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.wheels


def metadata(wheel):
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def description(wheel):
    return CODE.sub("", metadata(wheel).get_payload(decode=True).decode())


def test_every_distribution_is_built():
    projects = [*ROOT.glob("pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")]
    projects += ROOT.glob("examples/*/pyproject.toml")
    names = {
        tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"] for file in projects
    }
    assert {metadata(wheel)["Name"] for wheel in WHEELS} == names
    assert {metadata(wheel)["Version"] for wheel in WHEELS} == {gaussrep.__version__}


@pytest.mark.parametrize("wheel", WHEELS, ids=lambda wheel: wheel.name)
def test_type_checkers_read_its_annotations(wheel):
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages
    assert all(f"{package}/py.typed" in names for package in packages)


@pytest.mark.parametrize("wheel", WHEELS, ids=lambda wheel: wheel.name)
def test_its_page_works_on_a_package_index(wheel):
    assert metadata(wheel)["Description-Content-Type"] == "text/markdown"
    text = description(wheel)
    targets = ["".join(groups) for groups in TARGETS.findall(text)]
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []


def test_pictures_and_pages_of_the_readme_are_those_of_the_release():
    (wheel,) = (wheel for wheel in WHEELS if metadata(wheel)["Name"] == "gaussrep")
    project = "gaussrep/gaussrep"
    pictures = f"https://raw.githubusercontent.com/{project}/v{gaussrep.__version__}/"
    pages = f"https://github.com/{project}/blob/v{gaussrep.__version__}/"
    shown, linked = (
        [link.removeprefix(start) for link in re.findall(r"\]\((\S+?)[)#]", description(wheel))
         if link.startswith(start)]
        for start in (pictures, pages)
    )  # fmt: skip
    assert shown
    assert linked
    assert [path for path in (*shown, *linked) if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("wheel", WHEELS, ids=lambda wheel: wheel.name)
def test_it_says_where_things_are(wheel):
    urls = dict(line.split(", ") for line in metadata(wheel).get_all("Project-URL"))
    assert urls.keys() == {"Homepage", "Documentation", "Source", "Issues", "Changelog"}
    assert all(url.startswith("https://github.com/gaussrep/gaussrep") for url in urls.values())


def test_the_models_are_small():
    (wheel,) = (wheel for wheel in WHEELS if metadata(wheel)["Name"] == "gaussrep-models")
    assert wheel.stat().st_size < 5e6
    with ZipFile(wheel) as archive:
        weights = [name for name in archive.namelist() if name.endswith("model.safetensors")]
    assert len(weights) == 2
