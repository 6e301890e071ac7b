"""`python app.py` is `tiangong serve`."""

import sys

from tiangong.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
