# Callsheet. `make` alone says what there is.
SHELL := /bin/sh
PYTHON_BIN := .venv/bin
# Tests spend most of their time waiting for brokers and consumers: three at a time also on two processors.
WORKERS ?= 3
.DEFAULT_GOAL := help
.PHONY: help demo chaos bench outbox audit mutations setup test check lint types pytest format

help:
	@printf '%s\n' \
	'Callsheet: bookings of a scheduling system in Exchange calendars.' \
	'' \
	'  make demo              The whole system on this machine: RabbitMQ, a stand-in Exchange, two consumers. Replays ten' \
	'                         versions of a schedule, then compares every calendar with the last one, item by item.' \
	'  make demo KEEP=1       The same, and it stays up until Ctrl-C: prints the address of the page with the calendars.' \
	'  make demo SCHEDULE=DIR Replays your own schedule: the pentabarf files (*.xml, *.xml.gz) of DIR, in order of their' \
	'                         names, moved so that their first day is next week. DIR/directory.csv (kind,id,mailbox) may say' \
	'                         whose mailbox is whose; without it, mailboxes are made up from the ids.' \
	'  make demo STORE=DIR    Keeps broker, calendars and what was published in DIR. Run it twice: the second time the same' \
	'                         versions publish nothing and write nothing (changes=0).' \
	'  make chaos             Kills and pauses replicas, restarts the broker, lets Exchange fail in every way; then compares' \
	'                         every calendar. About 9 minutes. SEED=n does the same again, SHORT=1 takes about a minute,' \
	'                         SCHEDULES=DIR takes the versions of a real schedule, JSON=FILE writes the result.' \
	'  make bench             Measures Callsheet beside a plain consumer, on one broker and one stand-in Exchange: rates,' \
	'                         requests, freshness, CPU, memory, replicas. About 30 minutes; writes docs/performance.md.' \
	'                         QUICK=1 takes at most 8 and writes nothing, SCHEDULES=DIR adds the versions of a real' \
	'                         schedule, JSON=FILE says where the results go, ARGS="--only backfill" takes one workload.' \
	'  make outbox            Commits 5,000 changes to a PostgreSQL and kills their producer 50 times meanwhile; then' \
	'                         compares what was committed with what arrived. About three minutes.' \
	'  make mutations         Switches each safeguard off in a copy of the code and shows what its scenario then ends in.' \
	'                         About four minutes. ARGS=tombstone takes one of them.' \
	'  make audit             Asks a public service whether a pinned dependency has a known weakness (pip-audit).' \
	'  make test              Everything that is checked: ruff, mypy --strict, pytest against a real broker and emulator.' \
	'  make lint | types      One part of it.' \
	'  make pytest WORKERS=0 ARGS="tests/contract -x"   Some of the tests, one after the other.' \
	'  make format            Puts the code into shape.' \
	'  make setup             Only the set-up: .venv with pinned requirements, rabbitmq-server, postgresql, chromium.' \
	'' \
	'The first run installs what is missing (python3-venv, rabbitmq-server; for the tests postgresql and chromium) with apt-get, as root' \
	'or through sudo; without either it says what to install. Without a broker on this machine the demo borrows a virtual' \
	'host of CALLSHEET_AMQP_URL (its management API: port 15672, or CALLSHEET_MANAGEMENT_URL).'

demo:
	@deploy/sandbox/setup.sh run
	@exec $(PYTHON_BIN)/python -m deploy.sandbox demo \
		$(if $(KEEP),--keep) $(if $(SCHEDULE),--schedule '$(SCHEDULE)') $(if $(STORE),--store '$(STORE)') $(ARGS)

chaos:
	@deploy/sandbox/setup.sh run
	@exec $(PYTHON_BIN)/python -m deploy.sandbox.chaos $(if $(SEED),--seed $(SEED)) $(if $(SHORT),--short) \
		$(if $(SCHEDULES),--schedules '$(SCHEDULES)') $(if $(JSON),--json '$(JSON)') $(ARGS)

bench:
	@deploy/sandbox/setup.sh bench
	@exec $(PYTHON_BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(SCHEDULES),--schedules '$(SCHEDULES)') \
		$(if $(JSON),--json '$(JSON)') $(ARGS)

outbox:
	@deploy/sandbox/setup.sh test
	@exec $(PYTHON_BIN)/python -m tests.producers.sources.outbox_kills $(ARGS)

audit:
	@deploy/sandbox/setup.sh run
	@$(PYTHON_BIN)/python -m pip install --quiet pip-audit
	@exec $(PYTHON_BIN)/python -m pip_audit --requirement requirements/runtime.txt --disable-pip $(ARGS)

mutations:
	@deploy/sandbox/setup.sh test
	@exec $(PYTHON_BIN)/python -m tests.mutations $(ARGS)

setup:
	@deploy/sandbox/setup.sh test

test: setup
	@$(MAKE) --no-print-directory check

# Lint and types first: they take seconds and name their line. pytest last: its summary is the last line.
check: lint types pytest

lint:
	@$(PYTHON_BIN)/ruff check
	@$(PYTHON_BIN)/ruff format --check

types:
	@$(PYTHON_BIN)/mypy

pytest:
	@$(PYTHON_BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

format:
	@$(PYTHON_BIN)/ruff check --fix
	@$(PYTHON_BIN)/ruff format
