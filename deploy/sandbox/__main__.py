"""``python -m deploy.sandbox``: the demo and what the set-up asks."""

from deploy.sandbox.commands import main

main()
