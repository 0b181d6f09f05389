# memwho: GNU make + pkg-config.  `make help` lists what can be made.
#
# Every src/*/*.c belongs to the library; build/memwho is the library plus src/main.c.  Optional
# libraries are used when pkg-config finds them; `make static` leaves them out.

VERSION := 0.1.0
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
SECONDS ?= 20

CFLAGS ?= -O2 -g
# `make V=1` shows the commands.
ifeq ($(V),)
Q := @
say = @printf '%-4s %s\n'
else
say = @:
endif
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings -Wno-unused-parameter -Wno-missing-field-initializers -Werror
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread -Isrc -include src/base/banned.h \
	-DMEMWHO_VERSION='"$(VERSION)"' $(WARNINGS) $(LIB_CFLAGS) $(CFLAGS) $(EXTRA_CFLAGS)
ALL_LDFLAGS = -pthread $(LDFLAGS) $(EXTRA_LDFLAGS)

# --- optional libraries: one row each: name, pkg-config module, macro -------------------------
OPTIONAL ?= libdeflate libzstd lzo2 snappy liblzma zlib libdw libsystemd
HAVE_libdeflate := HAVE_LIBDEFLATE
HAVE_libzstd := HAVE_ZSTD
HAVE_lzo2 := HAVE_LZO
HAVE_snappy := HAVE_SNAPPY
HAVE_liblzma := HAVE_LZMA
HAVE_zlib := HAVE_ZLIB
HAVE_libdw := HAVE_LIBDW
HAVE_libsystemd := HAVE_LIBSYSTEMD
FOUND := $(foreach lib,$(OPTIONAL),$(shell $(PKG_CONFIG) --exists $(lib) 2>/dev/null && echo $(lib)))
LIB_CFLAGS := $(foreach lib,$(FOUND),-D$(HAVE_$(lib))=1 $(shell $(PKG_CONFIG) --cflags $(lib)))
LIBS = -lm $(foreach lib,$(FOUND),$(shell $(PKG_CONFIG) --libs $(PKG_CONFIG_STATIC) $(lib)))
# Debian's libsnappy-dev and liblzo2-dev of some releases come without a .pc file: their headers are tried.
ifeq ($(filter snappy,$(FOUND)),)
ifneq ($(filter snappy,$(OPTIONAL)),)
ifneq ($(wildcard /usr/include/snappy-c.h),)
LIB_CFLAGS += -DHAVE_SNAPPY=1
LIBS += -lsnappy
endif
endif
endif

LIB_SRC := $(wildcard src/*/*.c)
LIB_OBJ := $(LIB_SRC:src/%.c=$(BUILD)/obj/%.o)
LIB := $(BUILD)/libmemwho.a
PROGRAM := $(BUILD)/memwho

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(BUILD)/obj/main.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild everything when the flags change.
FLAGS_NOW = $(CC) $(ALL_CFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' $(call shell_quote,$(FLAGS_NOW)) | cmp -s - $@ || printf '%s\n' $(call shell_quote,$(FLAGS_NOW)) > $@
shell_quote = '$(subst ','\'',$(1))'
.PHONY: FORCE
FORCE:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(BUILD)/obj/main.d

# --- tests --------------------------------------------------------------------------------------
# One cmocka program per test/unit/*.c; helpers shared by tests are test/support/*.c.
UNIT_SRC := $(wildcard test/unit/*.c)
UNIT := $(UNIT_SRC:test/unit/%.c=$(BUILD)/test/%)
SUPPORT_OBJ := $(patsubst test/support/%.c,$(BUILD)/obj/test/support/%.o,$(wildcard test/support/*.c))

$(BUILD)/obj/test/%.o: test/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -Itest -MMD -MP -c -o $@ $<

$(BUILD)/test/%: $(BUILD)/obj/test/unit/%.o $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

-include $(UNIT_SRC:test/%.c=$(BUILD)/obj/test/%.d) $(SUPPORT_OBJ:.o=.d)

.PHONY: unit
unit: $(UNIT)
	@test/run-unit $(UNIT)

# What needs nothing but this checkout; then the lab's dumps, as far as they are there.
.PHONY: check check-core check-lab check-asan check-static
check: check-core check-oomlog check-lab
	@echo "check: all passed"

check-core: $(PROGRAM) $(UNIT)
	@test/check-layers
	@test/check-layout
	@test/run-unit $(UNIT)
	@test/check-schema --memwho $(PROGRAM) test/sample/vmcore
	@MEMWHO=$(PROGRAM) test/check-sample
	@MEMWHO=$(PROGRAM) test/cli/run

# Logs of real kernels; other people's are read from ../shared/logs where that folder is.
.PHONY: check-oomlog
check-oomlog: $(BUILD)/tools/oomlog_json
	@test/oomlog/run --tool $<
	@test/oomlog/renderings --tool $<
	@test/oomlog/damage --tool $< --rounds 1

check-lab: $(PROGRAM)
	@MEMWHO=$(PROGRAM) test/lab/run
	@test -n "$(MEMWHO_ASAN)" || MEMWHO=$(PROGRAM) test/lab/selftest

# The same tests with AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan:
	$(MAKE) BUILD=$(BUILD)-asan CC=$(CC) CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		EXTRA_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined" \
		EXTRA_LDFLAGS="-fsanitize=address,undefined" MEMWHO_ASAN=1 check

# --- tools that make what the tests keep: test/btf/README.md ---------------------------------------
TOOLS := $(patsubst test/tools/%.c,$(BUILD)/tools/%,$(wildcard test/tools/*.c))
-include $(wildcard $(BUILD)/obj/test/tools/*.d)
$(BUILD)/tools/%: $(BUILD)/obj/test/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
.PHONY: tools
tools: $(TOOLS)

# --- fuzzing: libFuzzer, so clang; SECONDS per target --------------------------------------------
FUZZ := $(patsubst fuzz/%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
.PHONY: fuzz
fuzz:
	$(MAKE) BUILD=$(BUILD)-fuzz CC=clang CFLAGS="-O1 -g" EXTRA_CFLAGS="$(FUZZ_FLAGS)" \
		EXTRA_LDFLAGS="$(FUZZ_FLAGS)" fuzz-run

FUZZ_PROGRAMS := $(FUZZ:%=$(BUILD)/fuzz/%)
$(BUILD)/obj/fuzz/%.o: fuzz/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -Itest -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: $(BUILD)/obj/fuzz/%.o $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: fuzz-run
fuzz-run: $(FUZZ_PROGRAMS)
	@fuzz/run $(SECONDS) $(FUZZ_PROGRAMS)

# --- the lab: real kernels, booted and dumped (lab/README.md) ------------------------------------
LAB_SET ?= ci
.PHONY: lab
lab:
	lab/lab deps
	lab/lab all --set $(LAB_SET)

.PHONY: bench
bench: $(PROGRAM)
	MEMWHO=$(PROGRAM) bench/run

# --- a first look ----------------------------------------------------------------------------------
.PHONY: demo deps
demo:
	@packaging/deps --for build
	@$(MAKE) --no-print-directory $(PROGRAM)
	$(PROGRAM) test/sample/vmcore

deps:
	packaging/deps --for build
	packaging/deps --for test
	packaging/deps --for fuzz

# Small, without optional libraries: for a capture kernel's initramfs.
.PHONY: static
static:
	$(MAKE) BUILD=$(BUILD)-static OPTIONAL="$(STATIC_LIBS)" CFLAGS="-Os -ffunction-sections -fdata-sections" \
		LDFLAGS="-static -Wl,--gc-sections -s" PKG_CONFIG_STATIC=--static $(BUILD)-static/memwho
STATIC_LIBS ?= libdeflate libzstd lzo2

-include packaging/install.mk

.PHONY: format tags help
format:
	clang-format -i $(wildcard src/*/*.[ch] src/*.c test/*/*.[ch] fuzz/*.c)

help:
	@echo "make          build/memwho"
	@echo "make demo     installs what is missing, builds, analyses the bundled dump"
	@echo "make check    all tests (installs nothing; make deps does)"
	@echo "make check-asan   the same with sanitizers"
	@echo "make fuzz SECONDS=20   each fuzz target for so long"
	@echo "make lab      fetches kernels, boots and dumps them; make check uses the dumps"
	@echo "make bench    times memwho beside crash and drgn"
	@echo "make static   a small static program"
	@echo "make install DESTDIR= PREFIX=$(PREFIX)"

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-fuzz $(BUILD)-static
