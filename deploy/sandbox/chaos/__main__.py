"""``python -m deploy.sandbox.chaos``."""

from deploy.sandbox.chaos.commands import main

main()
