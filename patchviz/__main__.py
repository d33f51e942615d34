"""`python -m patchviz` is the command `patchviz`."""

import sys

from patchviz.cli import main

sys.exit(main())
