"""`python -m tubelet`, as launchers of many processes want it."""

from tubelet.cli import main

main()
