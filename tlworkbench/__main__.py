"""`python -m tlworkbench` is the same as the `tlworkbench` script."""

from tlworkbench.cli import main

if __name__ == "__main__":
    main()
