# Programs of `make bench`: recording_chain is what it measures, bare is what it is measured by.

BENCH := $(addprefix $(BUILD)/tests/bench/,recording_chain bare)
.PHONY: bench-programs
bench-programs: $(BENCH)

$(BENCH): $(BUILD)/tests/bench/%: tests/bench/%.c $(foreach room,recording $(UNDER_recording),$(call archive,$(room)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $(FFTW_CFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lm -o $@
