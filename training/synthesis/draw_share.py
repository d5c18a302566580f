"""The process that draws a share of a bank: `python -m training.synthesis.draw_share JOB`, started by `bank.load_bank`."""

import json
import sys

from .bank import draw_share

if __name__ == "__main__":
    draw_share(json.loads(sys.argv[1]))
