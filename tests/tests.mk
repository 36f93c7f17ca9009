# Test targets. Quick tests first; files whose name ends in _long are for check-long and campaign.

export BUILD
export EVEIL := $(abspath $(BUILD)/eveil)
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1

QUICK_C  := $(filter-out %_long fuzz/% unit/store_np,$(C_TESTS))
LONG_C   := $(filter %_long fuzz/%,$(C_TESTS))
# Modules that scripts share are not tests.
MODULES  := %/harness.py %/readers_frames.py %/reliability.py %/store_ranks.py %/fake_store.py %/told_apart.py
SCRIPTS  := $(filter-out $(MODULES) %_values.py %/prognosis_truth.py %/var_numpy.py tests/arch/arch.py,$(wildcard tests/arch/*.py tests/golden/*.py tests/real/*.py tests/cli/*.py tests/mpi/*.py))
QUICK_PY := $(filter-out %_long.py,$(SCRIPTS))
LONG_PY  := $(sort $(wildcard tests/batch/*_long.py)) $(filter %_long.py,$(SCRIPTS))
TRUTH    := $(filter golden/%_truth,$(C_TESTS))
programs = $(addprefix $(BUILD)/tests/,$(1))

WRITE_SHIM := $(BUILD)/tests/write_shim.so
$(WRITE_SHIM): tests/mpi/write_shim.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -fPIC -shared $< -o $@ -ldl

.PHONY: tests check check-long campaign reliability matched arch truth bench
tests: all $(call programs,$(C_TESTS)) $(WRITE_SHIM)

check: deps  ## all quick tests (installs what is missing, builds; under 10 minutes once built)
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(PYTHON) tests/run.py --jobs 2 $(call programs,$(QUICK_C)) $(QUICK_PY)

check-long: deps  ## a fixed selection of the long tests: batch system, several hosts, sanitizers, fuzzing, kills (about 30 minutes)
	@bash config/deps config/packages-debian-batch.txt || echo "no batch system: its tests are skipped"
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)-asan CFLAGS="-O1 -g" EXTRA="-fsanitize=address,undefined -fno-omit-frame-pointer" asan-programs
	@ASAN_OPTIONS=detect_leaks=0:fast_unwind_on_malloc=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	  $(PYTHON) tests/run.py --jobs 2 $(if $(UNTIL),--until $(UNTIL)) $(call programs,$(LONG_C)) $(LONG_PY) \
	  $(addprefix $(BUILD)-asan/tests/,$(ASAN_C))

# Everything that reads files or parses text, and every kernel, under the sanitizers.
ASAN_C := $(filter-out %_long unit/parallel_% unit/store_%,$(filter unit/% property/% fuzz/% real/%,$(C_TESTS)))
.PHONY: asan-programs
asan-programs: $(call programs,$(ASAN_C))

campaign:  ## everything, however long
	@$(MAKE) --no-print-directory check
	@EVEIL_CAMPAIGN=1 $(MAKE) --no-print-directory check-long

reliability: all  ## docs/reliability.md: 224 kills and ends at writes, by phase (half an hour)
	@EVEIL_CAMPAIGN=1 EVEIL_KILLS=$(BUILD)/kills.json $(PYTHON) tests/mpi/kills_long.py
	@EVEIL_WRITES=$(BUILD)/writes.json $(PYTHON) tests/mpi/every_write_long.py
	@$(PYTHON) tests/mpi/reliability.py $(BUILD)/kills.json $(BUILD)/writes.json > docs/reliability.md

matched: all  ## docs/matched-spectra.md: originals against surrogates over 80 cohorts (a quarter of an hour)
	@$(PYTHON) tests/cli/matched_spectra_long.py --doc docs/matched-spectra.md

cohorts-page: all  ## docs/model-cohorts.md: what models recover of generated cohorts (some minutes)
	@$(PYTHON) tests/cli/model_cohorts_long.py --doc docs/model-cohorts.md
.PHONY: cohorts-page

arch: all  ## the floors of the house: includes and undefined symbols
	@$(PYTHON) tests/run.py tests/arch/floors.py

truth: $(call programs,$(TRUTH))  ## every value beside that of independent programs, with the verdict
	@for program in $^; do $$program || exit 1; done

csd-map: $(BUILD)/tests/golden/conditioning_peers  ## docs/csd-map.png: a dipole's potential, a broken channel made anew, its current source density
	@$(PYTHON) analysis/python/csd_map.py $< docs/csd-map.png
.PHONY: csd-map

parity: $(call programs,$(TRUTH))  ## docs/parity.md: every value of other programs for the reference signal beside ours
	@$(PYTHON) tests/golden/parity.py docs/parity.md
.PHONY: parity

real-data: all  ## docs/real-data.md: studies of real recordings by config/studies
	@$(PYTHON) tests/real/studies.py docs/real-data.md
.PHONY: real-data

bench: all  ## speed beside peers: text, build/bench.json, docs/performance.md (PARTS="features ...": these alone)
	@$(MAKE) --no-print-directory -j$(JOBS) bench-programs
	@$(PYTHON) tests/bench/bench.py $(PARTS)
