#!/bin/sh
# Compiles the *.in files into *.txt with exact versions and hashes. Needs uv (`pip install uv`).
# One resolution decides every version (dev.txt holds everything); the smaller files take theirs from it.
# Give `--upgrade` to take newer versions.
set -eu
cd "$(dirname "$0")"
compile() {
    output=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --output-file "$output" "$@"
}
compile dev.txt "$@" dev.in bench.in build.in emulator.in runtime.in
compile bench.txt --constraints dev.txt bench.in build.in emulator.in runtime.in
compile sandbox.txt --constraints dev.txt build.in emulator.in runtime.in
compile runtime.txt --constraints dev.txt runtime.in
