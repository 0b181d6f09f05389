# make install DESTDIR= PREFIX=/usr/local: the program, its manual page, completions and documents.
# make uninstall removes the same files.  Manual page and completions are written by the program itself,
# so building for another machine wants MEMWHO_HERE=a memwho that runs here.
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/memwho
BASH_COMPLETIONS ?= $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
FISH_COMPLETIONS ?= $(PREFIX)/share/fish/vendor_completions.d
MEMWHO_HERE ?= $(PROGRAM)

DOCUMENTS := README.md LICENSE $(wildcard doc/*.md) doc/report.schema.json # README links to doc/
WRITTEN := $(BUILD)/share/memwho.1 $(BUILD)/share/memwho.bash $(BUILD)/share/_memwho $(BUILD)/share/memwho.fish

$(BUILD)/share/memwho.1: MEMWHO_HELP := --man
$(BUILD)/share/memwho.bash: MEMWHO_HELP := --completion bash
$(BUILD)/share/_memwho: MEMWHO_HELP := --completion zsh
$(BUILD)/share/memwho.fish: MEMWHO_HELP := --completion fish
$(WRITTEN): $(PROGRAM)
	@mkdir -p $(@D)
	$(MEMWHO_HERE) help $(MEMWHO_HELP) > $@.part
	@mv $@.part $@

# What uninstall removes.
INSTALLED := \
	$(BINDIR)/memwho \
	$(MANDIR)/man1/memwho.1 \
	$(BASH_COMPLETIONS)/memwho \
	$(ZSH_COMPLETIONS)/_memwho \
	$(FISH_COMPLETIONS)/memwho.fish \
	$(addprefix $(DOCDIR)/,$(DOCUMENTS))

.PHONY: install uninstall
install: $(PROGRAM) $(WRITTEN)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)/memwho
	install -D -m 644 $(BUILD)/share/memwho.1 $(DESTDIR)$(MANDIR)/man1/memwho.1
	install -D -m 644 $(BUILD)/share/memwho.bash $(DESTDIR)$(BASH_COMPLETIONS)/memwho
	install -D -m 644 $(BUILD)/share/_memwho $(DESTDIR)$(ZSH_COMPLETIONS)/_memwho
	install -D -m 644 $(BUILD)/share/memwho.fish $(DESTDIR)$(FISH_COMPLETIONS)/memwho.fish
	for file in $(DOCUMENTS); do install -D -m 644 $$file $(DESTDIR)$(DOCDIR)/$$file || exit 1; done

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(DESTDIR)$(DOCDIR)/doc $(DESTDIR)$(DOCDIR) 2>/dev/null
