"""``python -m producers`` is ``callsheet-producer``."""

from producers.commands import main

if __name__ == "__main__":
    main()
