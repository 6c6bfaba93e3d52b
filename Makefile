# make demo   a running Odoo with the addon and demonstration data; PORT=8070 for
#             another port, SERVE=0 to accrue, print and check only
# make test   the test suite
# make access  who may do what, written anew into tests/access_matrix.csv to be read
# make fuzz   random scenarios of the accrual beside its model; N=5000, SEED=7 again
# make lint   pinned linters; make lint FIX=1 mends what can be mended
# make wheel  the addon's wheel in dist/, tried out in a database
# make upgrade  a database of each release, brought to what is here; FROM=19.0.1.0.0
# make neighbours  beside many of Odoo's and OCA's addons; ARGS=--write for docs
# make bench  speed beside OCA commission; SIZE=10000 for one size
# make hosts  a month on one, two and three Odoo processes, and with a replica;
#             SIZE=50000 invoices, WRITE=1 for the table in docs/operations.md
# make screenshots  the pictures of README and docs; ARGS="overview" for one
# make walk   people do what they come for, in a real browser; ARGS="--write" keeps it
# make stop   stop the private PostgreSQL cluster
PYTHON ?= python3
SERVE ?= 1
PORT ?= 8069

.PHONY: demo test access fuzz lint wheel upgrade bench hosts neighbours screenshots walk stop help

help:
	@sed -n 's/^# //p' Makefile

demo:
	@SERVE=$(SERVE) PORT=$(PORT) $(PYTHON) bin/demo

test:
	@$(PYTHON) bin/test $(ARGS)

access:
	@REFERRAL_WRITE_ACCESS=1 $(PYTHON) bin/test referral_program/tests/base/test_access_matrix.py -q

fuzz:
	@SEED=$(SEED) $(PYTHON) bin/fuzz $(N)

lint:
	@$(PYTHON) bin/lint $(if $(FIX),--fix)

wheel:
	@$(PYTHON) bin/wheel

upgrade:
	@$(PYTHON) bin/upgrade $(FROM)

bench:
	@SIZE=$(SIZE) $(PYTHON) bench/run

hosts:
	@SIZE=$(SIZE) $(PYTHON) bin/hosts $(if $(WRITE),--write)

neighbours:
	@$(PYTHON) bin/neighbours $(ARGS)

screenshots:
	@$(PYTHON) bin/screenshots $(ARGS)

walk:
	@$(PYTHON) bin/walk $(ARGS)

stop:
	@$(PYTHON) bin/postgres stop
