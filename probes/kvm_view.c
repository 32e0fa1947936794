/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_view.h"

#include "core/error.h"
#include "probes/errno_name.h"
#include "probes/number.h"
#include "vmm/kvm.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

bool nm_msr_get(const struct nm_msrs *msrs, uint32_t index, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < msrs->count; i++) {
		if (msrs->items[i].index != index || msrs->items[i].error)
			continue;
		*value = msrs->items[i].value;
		return true;
	}
	return false;
}

const struct nm_kvm_capability *nm_kvm_view_find(const struct nm_kvm_view *view, uint32_t number)
{
	for (size_t i = 0; i < view->capabilities.count; i++)
		if (view->capabilities.items[i].number == number)
			return &view->capabilities.items[i];
	return NULL;
}

int64_t nm_kvm_view_capability(const struct nm_kvm_view *view, uint32_t number)
{
	const struct nm_kvm_capability *capability = nm_kvm_view_find(view, number);
	int64_t value = !capability ? 0 : capability->vm >= 0 ? capability->vm : capability->system;

	return value > 0 ? value : 0;
}

struct reading {
	struct nm_arena *arena;
	struct nm_kvm_view *view;
	struct nm_kvm_answers answers;
	size_t row; /* of the last line; ROWS before the first */
};

/* The next word of a line, which it ends; NULL when there is none. */
static char *next_word(char **rest)
{
	char *word = *rest;
	char *blank = word ? strchr(word, ' ') : NULL;

	*rest = blank ? blank + 1 : NULL;
	if (blank)
		*blank = '\0';
	return word && *word ? word : NULL;
}

static bool parse_int(const char *word, int *out)
{
	uint64_t value;

	if (!nm_number(word, &value) || value > INT32_MAX)
		return false;
	*out = (int)value;
	return true;
}

static bool parse_hex(const char *word, size_t digits, uint64_t *out)
{
	return word && nm_hexadecimal(&word, digits, out) && !*word;
}

/* A number, or the name of an error as its -errno. */
static bool parse_answer(const char *word, int *out)
{
	if (parse_int(word, out))
		return true;
	*out = word ? -nm_errno_by_name(word) : 0;
	return *out < 0;
}

/* `good`, or the name of an error. */
static bool parse_outcome(const char *word, const char *good, int *error)
{
	*error = 0;
	if (!word || !strcmp(word, good))
		return word;
	*error = nm_errno_by_name(word);
	return *error;
}

static bool read_device(struct reading *reading, char *rest)
{
	char *blank = rest ? strrchr(rest, ' ') : NULL;
	int error;

	if (!blank || !parse_outcome(blank + 1, "opened", &error))
		return false;
	*blank = '\0';
	reading->answers.opened = -error;
	reading->view->device = nm_arena_strdup(reading->arena, rest);
	return reading->view->device;
}

static bool read_api(struct reading *reading, char *rest)
{
	if (!parse_answer(rest, &reading->answers.version))
		return false;
	reading->view->api = reading->answers.version;
	return true;
}

static bool read_mmap(struct reading *reading, char *rest)
{
	if (!parse_answer(rest, &reading->answers.run_bytes))
		return false;
	reading->view->mmap_bytes = reading->answers.run_bytes;
	return true;
}

static bool read_cpuid(struct reading *reading, char *rest)
{
	return parse_answer(rest, &reading->answers.cpuid) && reading->answers.cpuid < 0;
}

static bool read_vm(struct reading *reading, char *rest)
{
	return parse_outcome(rest, "created", &reading->view->vm_error);
}

static bool read_check(const char *word, int64_t *out)
{
	int value = -1;

	if (!word || (strcmp(word, "-") != 0 && !parse_int(word, &value)))
		return false;
	*out = value;
	return true;
}

static bool read_capability(struct reading *reading, char *rest)
{
	struct nm_kvm_view *view = reading->view;
	struct nm_kvm_capability *capability;
	int number;

	if (!parse_int(next_word(&rest), &number))
		return false;
	if (view->capabilities.count &&
	    view->capabilities.items[view->capabilities.count - 1].number >= (uint32_t)number)
		return false;
	capability = nm_arena_append(reading->arena, &view->capabilities.items,
				     &view->capabilities.count, sizeof(*capability));
	if (!capability)
		return false;
	capability->number = (uint32_t)number;
	return read_check(next_word(&rest), &capability->system) &&
	       read_check(next_word(&rest), &capability->vm) && !rest;
}

static bool read_msr(struct reading *reading, char *rest)
{
	struct nm_msrs *msrs = &reading->view->features;
	struct nm_msr *msr =
		nm_arena_append(reading->arena, &msrs->items, &msrs->count, sizeof(*msr));
	uint64_t index;

	if (!msr || !parse_hex(next_word(&rest), 8, &index))
		return false;
	msr->index = (uint32_t)index;
	if (rest && parse_hex(rest, 16, &msr->value))
		return true;
	msr->error = rest ? nm_errno_by_name(rest) : 0;
	return msr->error;
}

static bool read_msrs(struct reading *reading, char *rest)
{
	return parse_outcome(rest, "", &reading->view->features_error) &&
	       reading->view->features_error;
}

enum { DEVICE, API, MMAP, CPUID, VM, CAPABILITY, MSR, MSRS, ROWS };

/* Lines stand in this order; those marked may stand there more than once. */
static const struct row {
	const char *keyword;
	bool (*read)(struct reading *reading, char *rest);
	bool many;
} rows[ROWS] = {
	[DEVICE] = {"device", read_device, false},
	[API] = {"api", read_api, false},
	[MMAP] = {"mmap", read_mmap, false},
	[CPUID] = {"cpuid", read_cpuid, false},
	[VM] = {"vm", read_vm, false},
	[CAPABILITY] = {"capability", read_capability, true},
	[MSR] = {"msr", read_msr, true},
	[MSRS] = {"msrs", read_msrs, false},
};

static bool may_follow(size_t row, size_t last)
{
	if (last == ROWS)
		return row == DEVICE;
	return row > last || (row == last && rows[row].many);
}

/* Reads a line, which it takes apart. */
static bool read_line(struct reading *reading, char *line)
{
	char *rest = line;
	const char *keyword = next_word(&rest);
	size_t row = 0;

	while (keyword && row < ROWS && strcmp(rows[row].keyword, keyword) != 0)
		row++;
	if (!keyword || row == ROWS || !may_follow(row, reading->row))
		return false;
	reading->row = row;
	return rows[row].read(reading, rest);
}

/* Up to the leaves, each of which starts with blanks. */
static int read_lines(struct reading *reading, const char **text, unsigned int *number)
{
	const char *at = *text;

	for (*number = 1; *at && *at != ' '; (*number)++) {
		size_t length = strcspn(at, "\n");
		char *line = nm_arena_strndup(reading->arena, at, length);

		if (!line)
			return -ENOMEM;
		if (at[length] != '\n' || !read_line(reading, line))
			return nm_fail(EINVAL, "line %u: not as nestmark writes it", *number);
		at += length + 1;
	}
	*text = at;
	return 0;
}

/* Keeps what nm_kvm_open() says of such a device. */
static int judge(struct reading *reading, const char *architecture)
{
	struct nm_kvm_view *view = reading->view;
	const struct nm_error *error = nm_error_last();

	view->error = -nm_kvm_judge(view->device, &reading->answers, architecture);
	if (!view->error)
		return 0;
	view->trouble = nm_arena_strdup(reading->arena, error->text);
	view->remedy = *error->remedy ? nm_arena_strdup(reading->arena, error->remedy) : NULL;
	return view->trouble ? 0 : -ENOMEM;
}

/* A device that failed has no line after the one that says so, and one that works has a line for the VM. */
static bool is_complete(const struct reading *reading)
{
	if (reading->answers.opened < 0)
		return reading->row == DEVICE;
	if (reading->view->error)
		return reading->row > DEVICE && reading->row < VM;
	return reading->row >= VM;
}

int nm_kvm_view_parse(struct nm_arena *arena, const char *text, const char *architecture,
		      struct nm_kvm_view *out)
{
	struct reading reading = {.arena = arena, .view = out, .row = ROWS};
	unsigned int line;
	int r;

	*out = (struct nm_kvm_view) {0};
	r = read_lines(&reading, &text, &line);
	if (!r && reading.row == ROWS)
		r = nm_fail(EINVAL, "line 1: expected the device");
	if (!r)
		r = judge(&reading, architecture);
	if (!r && !is_complete(&reading))
		r = nm_fail(EINVAL, "line %u: more or fewer lines than nestmark writes", line);
	if (!r) {
		r = nm_cpuid_parse(arena, text, &out->supported);
		if (r)
			nm_error_within(r, "CPUID, from line %u on", line);
	}
	return r;
}
