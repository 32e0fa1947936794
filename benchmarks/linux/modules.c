/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/modules.h"

#include "core/error.h"
#include "core/file.h"
#include "vmm/linux/unpack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_BYTES   (16u << 20)
#define MODULE_BYTES (32u << 20)
#define REMEDY	     "name the folder of this kernel's modules with --modules, as depmod has left it"

/* A path in a list, which ends at a blank, a colon or the end of its line. */
struct word {
	const char *text;
	size_t length;
};

/* What the files of a folder say. */
struct lists {
	const char *folder;
	struct nm_text depends, builtin;
};

static bool has_list(const char *folder)
{
	char path[4096];

	return (size_t)snprintf(path, sizeof(path), "%s/modules.dep", folder) < sizeof(path) &&
	       !access(path, R_OK);
}

int nm_modules_folder(const char *named, const char *kernel_path, const char *release, char *out,
		      size_t size)
{
	const char *name = strrchr(kernel_path, '/');
	const int parent = name ? (int)(name - kernel_path) : 1;

	if (named) {
		snprintf(out, size, "%s", named);
		return has_list(out) ? 0
				     : nm_fail_remedy(EOPNOTSUPP, REMEDY, "%s: has no modules.dep",
						      named);
	}
	if (!release[0] || strchr(release, '/'))
		return nm_fail_remedy(EOPNOTSUPP, REMEDY, "%s: does not say its release",
				      kernel_path);
	snprintf(out, size, "%.*s/../lib/modules/%s", parent, name ? kernel_path : ".", release);
	if (!has_list(out))
		snprintf(out, size, "/lib/modules/%s", release);
	return has_list(out)
		       ? 0
		       : nm_fail_remedy(EOPNOTSUPP, REMEDY,
					"the modules of Linux %s are not on this machine", release);
}

static struct word word_at(const char *text)
{
	return (struct word) {text, strcspn(text, " :\n")};
}

/* "kernel/fs/ext4/ext4.ko.xz" is ext4; false where that is no name. */
static bool name_of(struct word path, char out[NM_MODULE_NAME_MAX])
{
	size_t begin = path.length;
	size_t length = 0;

	while (begin && path.text[begin - 1] != '/')
		begin--;
	while (begin + length < path.length && path.text[begin + length] != '.')
		length++;
	if (!length || length >= NM_MODULE_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		out[i] = path.text[begin + i];
	out[length] = '\0';
	for (char *dash = out; (dash = strchr(dash, '-'));)
		*dash = '_';
	return true;
}

static bool is_module(struct word path, const char *name)
{
	char other[NM_MODULE_NAME_MAX];

	return name_of(path, other) && !strcmp(name, other);
}

/* The line of a list whose first word is that module, or NULL. */
static const char *find_line(const struct nm_text *list, const char *name)
{
	const char *line = list->bytes;

	while (line && *line) {
		if (is_module(word_at(line), name))
			return line;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static bool have(const struct nm_modules *modules, const char *name)
{
	for (size_t i = 0; i < modules->count; i++)
		if (!strcmp(modules->items[i].name, name))
			return true;
	return false;
}

static bool leaves_folder(struct word path)
{
	const char *end = path.text + path.length;
	const char *at = path.text;

	while (at < end) {
		const size_t part = strcspn(at, "/ :\n");

		if (!part || (part == 2 && !memcmp(at, "..", 2)))
			return true;
		at += part + 1;
	}
	return false;
}

static int unpack(struct nm_module *module, const char *path)
{
	static const char elf[] = "\x7f"
				  "ELF";
	struct nm_text plain = {0};
	int r;

	if (module->bytes.length >= 4 && !memcmp(module->bytes.bytes, elf, 4))
		return 0;
	r = nm_unpack((const unsigned char *)module->bytes.bytes, module->bytes.length,
		      MODULE_BYTES, &plain);
	nm_text_free(&module->bytes);
	module->bytes = plain;
	return r ? nm_fail_remedy(EOPNOTSUPP, "unpack it: plain, xz and zstd are read",
				  "%s: cannot be unpacked", path)
		 : 0;
}

static int read_module(struct nm_modules *modules, const struct lists *lists, struct word path)
{
	struct nm_module *module = &modules->items[modules->count];
	char file[4096];
	int r;

	if (!name_of(path, module->name) || leaves_folder(path) ||
	    (size_t)snprintf(file, sizeof(file), "%s/%.*s", lists->folder, (int)path.length,
			     path.text) >= sizeof(file))
		return nm_fail_remedy(EBADMSG, "run depmod",
				      "%s/modules.dep: names a file outside of the folder",
				      lists->folder);
	if (have(modules, module->name))
		return 0;
	if (modules->count + 1 >= NM_MODULES_MAX)
		return nm_fail_remedy(EBADMSG, "run depmod",
				      "%s/modules.dep: more than %u modules for a device",
				      lists->folder, NM_MODULES_MAX - 1);
	modules->count++;
	r = nm_file_read(file, MODULE_BYTES, &module->bytes);
	return r ? nm_fail_remedy(EOPNOTSUPP, REMEDY, "%s: %s", file, strerror(-r))
		 : unpack(module, file);
}

/* What a module depends on stands behind it, what loads first last. */
static int read_line(struct nm_modules *modules, const struct lists *lists, const char *line)
{
	const struct word own = word_at(line);
	const char *begin = own.text + own.length;
	const char *at = line + strcspn(line, "\n");
	int r = 0;

	while (!r && at > begin) {
		const char *end = at;

		while (at > begin && at[-1] != ' ' && at[-1] != ':')
			at--;
		if (end > at)
			r = read_module(modules, lists, (struct word) {at, (size_t)(end - at)});
		at -= at > begin;
	}
	return r ? r : read_module(modules, lists, own);
}

static int read_named(struct nm_modules *modules, const struct lists *lists, const char *name)
{
	const bool optional = name[0] == '?';
	const char *line = find_line(&lists->depends, name + optional);

	if (line)
		return read_line(modules, lists, line);
	if (optional || find_line(&lists->builtin, name))
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "boot a kernel that has it", "%s: has no module %s",
			      lists->folder, name);
}

static int read_list(const char *folder, const char *name, struct nm_text *out)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return nm_fail(ENAMETOOLONG, "%s: too long a name", folder);
	return nm_file_read(path, LIST_BYTES, out);
}

int nm_modules_read(struct nm_modules *modules, const char *folder, const char *const *names)
{
	struct lists lists = {.folder = folder};
	int r = read_list(folder, "modules.dep", &lists.depends);

	/* Kernels without it have nothing built in that anyone could name. */
	if (!r && read_list(folder, "modules.builtin", &lists.builtin))
		nm_text_free(&lists.builtin);
	for (; !r && *names; names++)
		r = read_named(modules, &lists, *names);
	nm_text_free(&lists.depends);
	nm_text_free(&lists.builtin);
	return r;
}

void nm_modules_free(struct nm_modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		nm_text_free(&modules->items[i].bytes);
	modules->count = 0;
}
