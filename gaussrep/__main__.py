"""The program `gaussrep`, also `python -m gaussrep`; imports nothing before it can be stopped."""

import sys


def main() -> None:
    """Run the program and exit; Ctrl-C exits with 130 while modules are imported, too."""
    try:
        from gaussrep.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
