# Each target works on a bare Debian or Ubuntu with git, make and a Rust toolchain; bin/ has the scripts behind them.
# PG_CONFIG=/path/to/pg_config chooses the server, else it is the newest one installed.
.PHONY: help run start stop reset test lint cases soak fuzz bench build install bootstrap accept clean
.NOTPARALLEL:

help: ## This list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/\1\t\2/p' Makefile | expand -t 12

run: build ## A demo in the foreground: database, facade and three commands to try
	@bin/run

start: build ## The same in the background; target/run/env tells where it is
	@bin/run start

stop: ## Stop what `start` or `run` started; the data stay
	@bin/run stop

reset: ## Stop and drop the demo's data
	@bin/run reset

test: lint ## Everything: lints and all tests, with a cluster of their own
	@bin/build extension
	@bin/with-cluster bin/tests

lint: bootstrap ## Format, clippy, shell syntax
	@bin/lint

cases: bootstrap ## Ask available_slots the cases of a file: make cases CASES=FILE
	@bin/build extension
	@bin/with-cluster bin/cases $(CASES)

soak: bootstrap ## Many clients for minutes while clients, backends and servers die: make soak SOAK_SECONDS=120
	@bin/build extension
	@SOAK_SECONDS=$(or $(SOAK_SECONDS),120) bin/with-cluster bin/tests -p pg_booking_tests --test soak -- --nocapture

fuzz: bootstrap ## Whatever a fuzzer makes of the HTTP interface: make fuzz FUZZ_EXAMPLES=500 FUZZ_SEED=7
	@bin/build extension
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),200) FUZZ_SEED=$(FUZZ_SEED) \
		bin/with-cluster bin/tests -p pg_booking_tests --test http fuzz:: -- --nocapture

bench: build ## Ratios to peers in plain SQL, see benches/README.md: make bench BENCH_HISTORY=1000000 BENCH="slots history"
	@ulimit -n "$$(ulimit -Hn)" && bin/with-cluster cargo run --quiet --locked --release -p pg_booking_benches -- \
		$(if $(BENCH_HISTORY),--history $(BENCH_HISTORY)) $(BENCH)

build: bootstrap ## Extension, facade, install script
	@bin/build

# Under sudo there is often no cargo; then what was built before is installed.
install: ## Copy the extension into the server of PG_CONFIG (DESTDIR is honoured)
	@! command -v cargo >/dev/null || { bin/bootstrap && bin/build extension; }
	@bin/install

accept: ## Take the last output of regress or isolation tests as expected: make accept TESTS="name ..."
	@bin/accept $(TESTS)

bootstrap: ## Install the Debian packages that are missing
	@bin/bootstrap

clean: ## Stop what runs and remove everything that was built
	@bin/clean
