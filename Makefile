# `make help` lists what there is. ARGS passes flags on: make up ARGS='--port 5000 --router apollo'
ARGS ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)
ROUTER_TARGET := $(abspath $(TARGET))/router
ROUTER_FLAGS := --release --locked --ignore-rust-version

.DEFAULT_GOAL := help
.PHONY: help setup up reset test e2e lint fmt compose prepare bench doctor router seed

help: ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## Install what is missing on this machine
	@scripts/setup

up: setup ## Build and start everything, with a seeded shop; Ctrl-C stops it
	@scripts/build
	@exec $(TARGET)/debug/agora up $(ARGS)

reset: ## Stop what was left running and delete the data in .agora
	@scripts/reset

test: ## All checks and tests
	@exec scripts/test

e2e: setup ## Only the end-to-end tests
	@cargo test --workspace --test e2e $(ARGS)

lint: ## Formatting and Clippy
	@cargo fmt --all --check
	@cd router && cargo fmt --check
	@cd router/composition && cargo fmt --check
	@cargo clippy --workspace --all-targets -- -D warnings

fmt: ## Format the code
	@cargo fmt --all
	@cd router && cargo fmt
	@cd router/composition && cargo fmt

router: ## Build the router
	@cd router && CARGO_TARGET_DIR=$(ROUTER_TARGET) cargo build $(ROUTER_FLAGS)

compose: ## After a change of a schema: export the subgraphs' SDL and compose the supergraph
	@UPDATE_SDL=1 cargo test --workspace sdl
	@cd router/composition && CARGO_TARGET_DIR=$(ROUTER_TARGET) cargo build --release --locked
	@$(ROUTER_TARGET)/release/composition

prepare: ## After a change of SQL: check all queries and write .sqlx/
	@scripts/prepare-sql

bench: ## Benchmarks
	@cargo bench --workspace $(ARGS)

seed: ## Fill the running shop with products, people, orders and reviews
	@cargo build -q -p agora
	@exec $(TARGET)/debug/agora seed $(ARGS)

doctor: ## Check the invariants of the running shop's data
	@cargo build -q -p agora
	@exec $(TARGET)/debug/agora doctor $(ARGS)
