"""`python -m aiportal`: the command line."""

from aiportal.cli import main

if __name__ == "__main__":
    main(prog_name="aiportal")
