"""What runs Callsheet: for now the sandbox, which runs all of it on one machine."""
