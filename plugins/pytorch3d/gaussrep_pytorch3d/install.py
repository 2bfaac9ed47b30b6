"""How PyTorch3D is installed (torch-free)."""

REQUIRES = ("pytorch3d>=0.7",)
"""What every component of this distribution needs."""

INSTALL = (
    "pip install setuptools wheel && pip install --no-build-isolation "
    '"git+https://github.com/facebookresearch/pytorch3d.git"'
)
"""The line that builds it: no package index has it, and its build imports the installed torch."""
