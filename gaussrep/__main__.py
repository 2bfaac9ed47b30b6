"""`python -m gaussrep`, the same as the command `gaussrep`."""

from gaussrep.cli.main import main

main()
