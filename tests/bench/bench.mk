# Programs of `make bench`: recording_chain, decode and steps are what it measures, bare is what the first is measured by.

BENCH := $(addprefix $(BUILD)/tests/bench/,recording_chain bare decode steps)
GENERATORS := $(addprefix $(BUILD)/tests/bench/,generators surrogate)
ENTRY := $(BUILD)/tests/bench/entry
NICE_SET := $(BUILD)/tests/bench/nice_set
MODELS_BENCH := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/dynamics_*.c))
MODELS_STUDY := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/calibration_*.c tests/bench/recovery*.c))
BARE_GATHER := $(BUILD)/tests/bench/bare_gather
.PHONY: bench-programs bench-gather
bench-programs: $(BENCH) $(BARE_GATHER) $(GENERATORS) $(ENTRY) $(NICE_SET) $(MODELS_BENCH)

$(BENCH): $(BUILD)/tests/bench/%: tests/bench/%.c $(foreach room,recording $(UNDER_recording),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $(FFTW_CFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(MATIO_LIBS) $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lz -lm -o $@

$(GENERATORS): $(BUILD)/tests/bench/%: tests/bench/%.c $(foreach room,simulate $(UNDER_simulate),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(MATIO_LIBS) $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lz -lm -o $@

# Any entry of the features: build/tests/bench/entry NAME "parameters"; and NICE's markers as a set.
$(ENTRY) $(NICE_SET): $(BUILD)/tests/bench/%: tests/bench/%.c $(foreach room,dynamics features $(UNDER_features),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(MATIO_LIBS) $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lz -lm -o $@

# Speed of models, and what `make calibration` and `make recovery` print.
$(MODELS_BENCH) $(MODELS_STUDY): $(BUILD)/tests/bench/%: tests/bench/%.c $(foreach room,dynamics $(UNDER_dynamics),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) -Itests $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lz -lm -o $@

instructions: all $(ENTRY)  ## instructions of every feature and model beside the kept counts (KEEP=keep: keep these)
	@$(PYTHON) tests/bench/instructions.py $(KEEP)
.PHONY: instructions

# Beside the program: only MPI and HDF5.
$(BARE_GATHER): tests/bench/bare_gather.c
	@mkdir -p $(@D)
	$(MPICC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $(HDF5_CFLAGS) $< $(HDF5_LIBS) -o $@

MASTER := $(BUILD)/tests/bench/master
$(MASTER): tests/bench/master.c $(foreach room,cohort $(UNDER_cohort),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(MPICC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LINK_LIBS) -o $@

# LAUNCH: the words before "-n RANKS"; SCALING=quick: fewer repeats and replays.
.PHONY: scaling
scaling: all $(MASTER)  ## strong and weak scaling, replays, the forecast beside them: docs/scaling.md
	@LAUNCH="$(LAUNCH)" RANKS="$(RANKS)" $(PYTHON) tests/bench/scaling.py $(SCALING)

GB ?= 10
bench-gather: all $(BARE_GATHER)  ## the gather of GB=10 GB beside bare HDF5, and the start of a resumed run (30 GB of disk)
	@$(PYTHON) tests/bench/gather.py $(GB)
	@$(PYTHON) tests/bench/resume.py $(GB)

QUALITY_MARKS := $(BUILD)/tests/bench/quality_marks
$(QUALITY_MARKS): tests/bench/quality_marks.c $(foreach room,conditioning $(UNDER_conditioning),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $(FFTW_CFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(MATIO_LIBS) $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lm -o $@

.PHONY: artefacts
artefacts: all $(QUALITY_MARKS)  ## docs/artefacts.md and .png: what the rules of quality find on every background, and what it costs
	@$(PYTHON) tests/bench/artefacts.py

.PHONY: recovery
recovery: $(BUILD)/tests/bench/recovery  ## docs/recovery.md: equations recovered from noisy samples, systems x noise x degree (a few minutes)
	@$< > docs/recovery.md
.PHONY: calibration
calibration: $(filter $(BUILD)/tests/bench/calibration_%,$(MODELS_STUDY))  ## docs/calibration.md: how often intervals of models hold the truth (some minutes)
	@$(PYTHON) tests/bench/calibration.py docs/calibration.md $^
