#!/bin/sh
# Makes this checkout ready to run: virtual environment, pinned and hashed requirements, a RabbitMQ broker, and for the
# tests PostgreSQL and a browser.
#
#   setup.sh run    what `make demo` needs
#   setup.sh bench  what `make bench` needs: the same, and what the plain consumer is made of
#   setup.sh test   what `make test` needs: all of it, the development tools, PostgreSQL and Chromium
#
# Does only what is missing, so a second run takes no time. System packages come from apt, as root or through sudo;
# where neither is possible it says what to install and ends with 1.
set -eu

purpose=${1:-run}
case $purpose in
    run) requirements=requirements/sandbox.txt ;;
    bench) requirements=requirements/bench.txt ;;
    test) requirements=requirements/dev.txt ;;
    *) echo "usage: setup.sh run|bench|test" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/../.."
venv=.venv

say() { printf 'setup: %s\n' "$*" >&2; }

apt_updated=no
# The package's own start scripts must not bring up a broker of their own: ours is private. policy-rc.d is Debian's
# way to say so; it exists only while apt runs, and one that is there already is left alone.
install_packages() {
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        return 1
    fi
    command -v apt-get >/dev/null 2>&1 || return 1
    say "installing $* with apt-get"
    apt_log=$(mktemp)
    # shellcheck disable=SC2016,SC2086  # the inner shell expands; as_root is empty or one word
    $as_root env DEBIAN_FRONTEND=noninteractive APT_UPDATED=$apt_updated sh -eu -c '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            printf "#!/bin/sh\nexit 101\n" > "$policy"
            chmod 755 "$policy"
            trap "rm -f $policy" EXIT
        fi
        [ "$APT_UPDATED" = yes ] || apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@"
    ' sh "$@" >"$apt_log" 2>&1 || { cat "$apt_log" >&2; rm -f "$apt_log"; return 1; }
    rm -f "$apt_log"
    apt_updated=yes
}

# ---- Python -----------------------------------------------------------------------------------------------------
python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ]; then
    say "needs Python 3.11 or later; found: $(python3 --version 2>&1 || echo none). Install python3, or name one: PYTHON=/path/to/python3.11 make setup"
    exit 1
fi

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "python$version-venv" || install_packages python3-venv || {
            say "cannot make a virtual environment. Install it, then run make again: apt-get install python$version-venv"
            exit 1
        }
    fi
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi

# One stamp for each set of requirements; `bench` contains all of `run`, and `test` all of `bench`.
stamp_of() { echo "$venv/.callsheet-$1-$(cat "requirements/$2.txt" pyproject.toml | sha256sum | cut -c1-16)"; }
installed=no
case $purpose in
    run) sets="run:sandbox bench:bench test:dev" ;;
    bench) sets="bench:bench test:dev" ;;
    test) sets="test:dev" ;;
esac
for set in $sets; do
    [ ! -e "$(stamp_of "${set%:*}" "${set#*:}")" ] || installed=yes
done
if [ $installed = no ]; then
    say "installing $requirements (pinned, with hashes)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$requirements"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    rm -f "$venv"/.callsheet-*
    first=${sets%% *}
    : >"$(stamp_of "${first%:*}" "${first#*:}")"
fi

# ---- RabbitMQ ---------------------------------------------------------------------------------------------------
if ! "$venv/bin/python" -m deploy.sandbox broker-binary >/dev/null 2>&1; then
    if [ -n "${CALLSHEET_AMQP_URL:-}" ]; then
        say "no RabbitMQ on this machine: the broker of CALLSHEET_AMQP_URL is used"
    elif ! install_packages rabbitmq-server; then
        say "no RabbitMQ on this machine, and no root or sudo to install it. Do one of these, then run make again:"
        say "  as root: apt-get install --no-install-recommends rabbitmq-server"
        say "  or name a broker with the management plugin: CALLSHEET_AMQP_URL=amqp://user:password@host:5672/"
        exit 1
    fi
fi

# ---- PostgreSQL, for the tests of its outbox; they start a server of their own ----------------------------------
has_postgres() { command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
if [ "$purpose" = test ] && ! has_postgres; then
    install_packages postgresql || {
        say "no PostgreSQL on this machine, and no root or sudo to install it. As root, then run make again:"
        say "  apt-get install --no-install-recommends postgresql"
        exit 1
    }
fi

# ---- Chromium, for the tests of the emulator's page (libatomic is what the program that drives it needs) ---------
has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
if [ "$purpose" = test ] && { ! command -v chromium >/dev/null 2>&1 || ! has_library libatomic.so.1; }; then
    install_packages chromium libatomic1 || say "no Chromium could be installed: the tests of the page will say that it is missing"
fi
