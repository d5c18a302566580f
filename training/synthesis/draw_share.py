"""The process that draws a share of a bank, started by `bank.load_bank` with a job as JSON; it draws nothing itself."""

import json
import sys

from .bank import draw_share

if __name__ == "__main__":
    draw_share(json.loads(sys.argv[1]))
