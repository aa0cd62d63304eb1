"""python -m heliograph."""

from heliograph.cli.main import main

main()
