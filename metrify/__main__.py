"""`python -m metrify` is the `metrify` command."""

from metrify.cli.main import main

if __name__ == "__main__":
    main()
