# memwho: GNU make + pkg-config.  `make help` lists what can be made.
#
# Every src/*/*.c belongs to the library; build/memwho is the library plus src/main.c.  Optional
# libraries are used when pkg-config finds them; `make static` leaves them out.

VERSION := 0.1.0
BUILD ?= build
CC ?= gcc
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
SECONDS ?= 20

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings -Wno-unused-parameter -Wno-missing-field-initializers -Werror
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread -Isrc -include src/base/banned.h \
	-DMEMWHO_VERSION='"$(VERSION)"' $(WARNINGS) $(LIB_CFLAGS) $(CFLAGS) $(EXTRA_CFLAGS)
ALL_LDFLAGS = -pthread $(LDFLAGS) $(EXTRA_LDFLAGS)

# --- optional libraries: one row each: name, pkg-config module, macro -------------------------
OPTIONAL ?= libdeflate libzstd lzo2 snappy liblzma zlib libdw
HAVE_libdeflate := HAVE_LIBDEFLATE
HAVE_libzstd := HAVE_ZSTD
HAVE_lzo2 := HAVE_LZO
HAVE_snappy := HAVE_SNAPPY
HAVE_liblzma := HAVE_LZMA
HAVE_zlib := HAVE_ZLIB
HAVE_libdw := HAVE_LIBDW
FOUND := $(foreach lib,$(OPTIONAL),$(shell $(PKG_CONFIG) --exists $(lib) 2>/dev/null && echo $(lib)))
LIB_CFLAGS := $(foreach lib,$(FOUND),-D$(HAVE_$(lib))=1 $(shell $(PKG_CONFIG) --cflags $(lib)))
LIBS = $(foreach lib,$(FOUND),$(shell $(PKG_CONFIG) --libs $(PKG_CONFIG_STATIC) $(lib)))
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
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild everything when the flags change.
FLAGS_NOW = $(CC) $(ALL_CFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' $(call shell_quote,$(FLAGS_NOW)) | cmp -s - $@ || printf '%s\n' $(call shell_quote,$(FLAGS_NOW)) > $@
shell_quote = '$(subst ','\'',$(1))'
.PHONY: FORCE
FORCE:

-include $(LIB_OBJ:.o=.d) $(BUILD)/obj/main.d

# --- tests --------------------------------------------------------------------------------------
# One cmocka program per test/unit/*.c; helpers shared by tests are test/support/*.c.
UNIT_SRC := $(wildcard test/unit/*.c)
UNIT := $(UNIT_SRC:test/unit/%.c=$(BUILD)/test/%)
SUPPORT_OBJ := $(patsubst test/support/%.c,$(BUILD)/obj/test/support/%.o,$(wildcard test/support/*.c))

$(BUILD)/obj/test/%.o: test/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itest -MMD -MP -c -o $@ $<

$(BUILD)/test/%: $(BUILD)/obj/test/unit/%.o $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

-include $(UNIT_SRC:test/%.c=$(BUILD)/obj/test/%.d) $(SUPPORT_OBJ:.o=.d)

.PRECIOUS: $(BUILD)/obj/test/unit/%.o
.PHONY: unit
unit: $(UNIT)
	@test/run-unit $(UNIT)

.PHONY: clean
clean:
	rm -rf $(BUILD)
