"""Time GMAE's training steps; the same as `gaussrep bench gmae`, whose options it takes."""

import sys

from gaussrep.cli.main import main

if __name__ == "__main__":
    sys.argv[1:1] = ["bench", "gmae"]
    main()
