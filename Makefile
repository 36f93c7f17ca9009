# Éveil. `make help` lists the targets.
# V=1 prints the commands. Overridable: CC MPICC CFLAGS MARCH HDF5_DIR FFTW_DIR LIBCONFIG_DIR MATIO_DIR WITH_MATIO BLAS_LIBS PYTHON RSCRIPT

BUILD   ?= build
MPICC   ?= mpicc
PYTHON  ?= /usr/bin/python3
MARCH   ?= x86-64-v3
OPT     ?= -O3
CFLAGS  ?= $(OPT) -g
WARN     = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# No -ffast-math (NaN is data) and no contraction: the same bits from every build of one baseline.
BASE    := -std=c11 -D_GNU_SOURCE -Iinclude -march=$(MARCH) -ffp-contract=off -fno-math-errno -MMD -MP

Q    := $(if $(V),,@)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

pkg_cflags = $(if $($(1)),-I$($(1))/include,$(shell pkg-config --cflags $(2) 2>/dev/null))
pkg_libs   = $(if $($(1)),-L$($(1))/lib -Wl$(comma)-rpath$(comma)$($(1))/lib $(3),$(shell pkg-config --libs $(2) 2>/dev/null || echo $(3)))
comma     := ,

HDF5_CFLAGS      := $(call pkg_cflags,HDF5_DIR,hdf5-openmpi)
HDF5_LIBS        := $(call pkg_libs,HDF5_DIR,hdf5-openmpi,-lhdf5)
FFTW_CFLAGS      := $(call pkg_cflags,FFTW_DIR,fftw3)
FFTW_LIBS        := $(call pkg_libs,FFTW_DIR,fftw3,-lfftw3)
LIBCONFIG_CFLAGS := $(call pkg_cflags,LIBCONFIG_DIR,libconfig)
LIBCONFIG_LIBS   := $(call pkg_libs,LIBCONFIG_DIR,libconfig,-lconfig)
BLAS_LIBS        ?= -lopenblas
# WITH_MATIO=0: no MATLAB and EEGLAB files. Debian's libmatio brings a serial HDF5, whose symbols have other versions than
# the parallel one's; elsewhere take a libmatio without HDF5, or none.
WITH_MATIO       ?= 1
ifeq ($(WITH_MATIO),1)
MATIO_CFLAGS     := -DEVL_WITH_MATIO $(if $(MATIO_DIR),-I$(MATIO_DIR)/include)
MATIO_LIBS       := $(if $(MATIO_DIR),-L$(MATIO_DIR)/lib -Wl$(comma)-rpath$(comma)$(MATIO_DIR)/lib )-lmatio
endif

# Rooms, lowest floor first, and what each stands on (design: include downwards only).
ROOMS := base math readers parallel conditioning store features dynamics recording simulate cohort prognosis
UNDER_base         :=
UNDER_math         := base
UNDER_readers      := base
UNDER_parallel     := base
UNDER_conditioning := math base
UNDER_store        := parallel base
UNDER_features     := math base
UNDER_dynamics     := math base
UNDER_recording    := dynamics features conditioning readers math base
UNDER_simulate     := readers math base
UNDER_cohort       := recording dynamics features conditioning store readers parallel math base
UNDER_prognosis    := store parallel math base
UNDER_cli          := prognosis cohort simulate $(UNDER_cohort)

ROOM_CFLAGS_base     := $(LIBCONFIG_CFLAGS)
ROOM_CFLAGS_math     := $(FFTW_CFLAGS)
ROOM_CFLAGS_store    := $(HDF5_CFLAGS)
ROOM_CFLAGS_readers  := $(MATIO_CFLAGS)
ROOM_CC_parallel     := $(MPICC)
ROOM_CC_store        := $(MPICC)

GIT_REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

LEFT_OUT := $(if $(filter 1,$(WITH_MATIO)),,$(wildcard src/readers/matlab*.c src/readers/eeglab*.c))
sources = $(filter-out $(LEFT_OUT),$(wildcard src/$(1)/*.c))
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(call sources,$(1)))
archive = $(BUILD)/lib/lib$(1).a
LINK_LIBS = $(MATIO_LIBS) $(HDF5_LIBS) $(FFTW_LIBS) $(LIBCONFIG_LIBS) $(BLAS_LIBS) -lz -lm

.PHONY: all help
all: $(BUILD)/eveil  ## build the program (build/eveil)

define room_rules
$(call archive,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
$(BUILD)/obj/$(1)/%.o: src/$(1)/%.c
	@mkdir -p $$(@D)
	@echo "  compile $$<"
	$$(Q)$(or $(ROOM_CC_$(1)),$(CC)) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) $(ROOM_CFLAGS_$(1)) $$(OBJECT_FLAGS) -c $$< -o $$@
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))
$(eval $(call room_rules,cli))

# The revision enters one object only, made anew when it changes.
$(BUILD)/revision: FORCE
	@mkdir -p $(@D); echo '$(GIT_REVISION)' | cmp -s - $@ || echo '$(GIT_REVISION)' > $@
$(BUILD)/obj/cli/main.o: OBJECT_FLAGS = -DEVL_GIT_REVISION='"$(GIT_REVISION)"'
$(BUILD)/obj/cli/main.o: $(BUILD)/revision
FORCE:

$(BUILD)/eveil: $(call objects,cli) $(foreach room,$(UNDER_cli),$(call archive,$(room)))
	@echo "  link    $@"
	$(Q)$(MPICC) $(CFLAGS) $(EXTRA) $(call objects,cli) -Wl,--start-group $(foreach room,$(UNDER_cli),$(call archive,$(room))) -Wl,--end-group $(LINK_LIBS) -o $@

# tests/unit/ROOM_WHAT.c is linked with ROOM and what stands below it.
test_room = $(firstword $(subst _, ,$(notdir $(1))))
define test_rules
$(BUILD)/tests/$(1): tests/$(1).c tests/check.h $(foreach room,$(call test_room,$(1)) $(UNDER_$(call test_room,$(1))),$(call archive,$(room)))
	@mkdir -p $$(@D)
	@echo "  test    $$<"
	$$(Q)$(MPICC) $(BASE) $(CFLAGS) $(WARN) $(EXTRA) -Itests $$< -Wl,--start-group $(foreach room,$(call test_room,$(1)) $(UNDER_$(call test_room,$(1))),$(call archive,$(room))) -Wl,--end-group $(LINK_LIBS) -o $$@
endef
C_TESTS := $(patsubst tests/%.c,%,$(wildcard tests/unit/*.c tests/property/*.c tests/golden/*.c tests/fuzz/*.c tests/real/*.c))
$(foreach test,$(C_TESTS),$(eval $(call test_rules,$(test))))

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/tests/*/*.d)
-include tests/tests.mk
-include tests/bench/bench.mk

deps:  ## install missing packages (Debian, Ubuntu), or say which modules to load
	@bash config/deps

demo:  ## from a fresh machine to a report: simulate 24 subjects, run on 2 ranks, prognose, draw
	@bash config/deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@bash config/demo $(BUILD)
.PHONY: deps demo docs

docs: all  ## generate docs/catalogue.md and config/default.cfg from the tables
	@bash config/catalogue $(BUILD)/eveil > docs/catalogue.md
	@$(BUILD)/eveil config > config/default.cfg
	@$(BUILD)/eveil config full > config/full.cfg
	@$(BUILD)/eveil config dynamics > config/dynamics.cfg

pictures: all  ## docs/patterns.md: every coma pattern and artefact as a page of EEG shows it (two minutes)
	@$(PYTHON) analysis/python/patterns_page.py $(BUILD)/eveil docs $(BUILD)/pictures
.PHONY: pictures

features-page: all  ## docs/features.md: every feature and model, and a picture of what it sees (some minutes)
	@OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
	  $(PYTHON) analysis/python/features_page.py $(BUILD)/eveil docs $(BUILD)/features $(JOBS)
.PHONY: features-page

models-page: all  ## docs/models.md: what fitted models of a simulated cohort look like (some minutes)
	@OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
	  $(PYTHON) analysis/python/models_page.py $(BUILD)/eveil docs $(BUILD)/models $(JOBS)
.PHONY: models-page

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

clean:  ## remove the build folder
	rm -rf $(BUILD)
.PHONY: clean
