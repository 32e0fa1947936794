/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/memory/scene.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A round of few samples has a short warm-up: every touch of it takes memory too. */
#define WARMUP_SHARE 8u

static uint64_t warmup_of(uint64_t warmup, uint64_t samples)
{
	return warmup < samples / WARMUP_SHARE ? warmup : samples / WARMUP_SHARE;
}

static uint64_t address_of(const struct nm_scene *scene, uint64_t page)
{
	return NM_ABI_MEMORY + page * scene->kind->step;
}

static volatile uint64_t *word_of(const struct nm_scene *scene, uint64_t page)
{
	return (volatile uint64_t *)(scene->region.host + page * scene->kind->step);
}

static uint64_t bytes_of(const struct nm_scene *scene)
{
	uint64_t unit = nm_backing_page(scene->kind->backing);

	return (scene->pages * scene->kind->step + unit - 1) / unit * unit;
}

static void write_all(const struct nm_scene *scene)
{
	for (uint64_t page = 0; page < scene->pages; page++)
		*word_of(scene, page) = address_of(scene, page);
}

static void read_all(const struct nm_scene *scene)
{
	for (uint64_t page = 0; page < scene->pages; page++)
		(void)*word_of(scene, page);
}

static void end(struct nm_scene *scene)
{
	if (scene->kind->end)
		scene->kind->end(scene);
	nm_region_unmap(&scene->region);
	free(scene->own);
}

static int begin(struct nm_scene *scene)
{
	const struct nm_scene_kind *kind = scene->kind;
	int r = nm_region_map(&scene->region, scene->round ? &scene->round->guest->vm : NULL,
			      kind->backing, bytes_of(scene));

	if (!r && kind->populated && kind->step == nm_backing_page(kind->backing))
		r = nm_region_populate(&scene->region);
	if (!r && kind->populated)
		write_all(scene);
	if (!r && kind->begin)
		r = kind->begin(scene);
	return r;
}

/* The guest waits. */
static void on_request(void *context, const struct nm_access *access)
{
	struct nm_scene *scene = context;
	int r = scene->kind->between(scene);

	(void)access;
	if (!r || scene->error)
		return;
	scene->error = r;
	snprintf(scene->text, sizeof(scene->text), "%s", nm_error_last()->text);
}

static int add_device(struct nm_scene *scene)
{
	return nm_devices_add(&scene->round->guest->devices, (struct nm_device) {
								     .bus = NM_BUS_PIO,
								     .base = NM_ABI_PORT_HOST,
								     .bytes = 4,
								     .access = on_request,
								     .context = scene,
							     });
}

/* What guest-payloads/ops/touch.c takes. */
static void set_arguments(const struct nm_scene *scene)
{
	uint64_t *argument = scene->round->control->argument;

	argument[0] = scene->kind->step;
	argument[1] = (uint64_t)scene->kind->used | (uint64_t)scene->kind->looked << 1;
	argument[2] = NM_GUEST_TABLES;
	argument[3] = scene->round->guest->tables_used;
}

int nm_scene_prepare(struct nm_guest_round *round, const struct nm_scene_kind *kind)
{
	struct nm_scene *scene = calloc(1, sizeof(*scene));
	int r;

	if (!scene)
		return nm_fail(ENOMEM, "out of memory");
	round->own = scene;
	round->warmup = warmup_of(round->warmup, round->samples);
	round->control->warmup = round->warmup;
	round->operations = round->warmup + round->samples;
	*scene = (struct nm_scene) {.kind = kind, .round = round, .pages = round->operations};
	r = begin(scene);
	if (!r)
		r = nm_region_add(round->guest, &scene->region, kind->guest_page);
	if (!r && kind->between)
		r = add_device(scene);
	if (!r)
		set_arguments(scene);
	return r;
}

void nm_scene_release(struct nm_guest_round *round)
{
	struct nm_scene *scene = round->own;

	if (scene)
		end(scene);
	free(scene);
	round->own = NULL;
}

static bool check_written(const struct nm_scene *scene, char *why, size_t size)
{
	for (uint64_t page = 0; page < scene->pages; page++) {
		uint64_t found = *word_of(scene, page);

		if (found == address_of(scene, page) + 1)
			continue;
		snprintf(why, size, "page %" PRIu64 " holds %#" PRIx64 ", expected %#" PRIx64, page,
			 found, address_of(scene, page) + 1);
		return false;
	}
	return true;
}

static bool check_read(const struct nm_scene *scene, uint64_t sum, char *why, size_t size)
{
	uint64_t expected = 0;

	for (uint64_t page = 0; scene->kind->filled && page < scene->pages; page++)
		expected += address_of(scene, page);
	if (sum == expected)
		return true;
	snprintf(why, size, "the sum of what was read is %#" PRIx64 ", expected %#" PRIx64, sum,
		 expected);
	return false;
}

/* Where the host finds no huge page it takes small ones, and that would be another operation. */
static bool check_huge(const struct nm_scene *scene, char *why, size_t size)
{
	const uint64_t expected = bytes_of(scene);
	uint64_t bytes = 0;

	if (nm_region_huge_bytes(&scene->region, &bytes))
		snprintf(why, size, "%s", nm_error_last()->text);
	else if (bytes < expected)
		snprintf(why, size,
			 "the host had huge pages for %" PRIu64 " of %" PRIu64
			 " MiB: its memory is fragmented",
			 bytes >> 20, expected >> 20);
	return bytes >= expected;
}

static bool check(struct nm_scene *scene, uint64_t sum, char *why, size_t size)
{
	if (scene->kind->read ? !check_read(scene, sum, why, size)
			      : !check_written(scene, why, size))
		return false;
	if (scene->kind->backing == NM_BACKING_THP && !check_huge(scene, why, size))
		return false;
	return !scene->kind->check || scene->kind->check(scene, why, size);
}

bool nm_scene_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	struct nm_scene *scene = round->own;

	if (!scene->error)
		return check(scene, round->control->result[0], why, size);
	snprintf(why, size, "%s", scene->text);
	return false;
}

static uint64_t touch_all(const struct nm_scene *scene, struct nm_native_round *round)
{
	const uint64_t step = scene->kind->step;
	volatile unsigned char *at = scene->region.host;
	uint64_t value = NM_ABI_MEMORY + 1;
	uint64_t sum = 0;

	if (scene->kind->read)
		NM_NATIVE(round, {
			sum += *(volatile uint64_t *)at;
			at += step;
		});
	else
		NM_NATIVE(round, {
			*(volatile uint64_t *)at = value;
			at += step;
			value += step;
		});
	return sum;
}

static int begin_native(struct nm_scene *scene)
{
	int r = begin(scene);

	if (!r && scene->kind->looked)
		read_all(scene);
	if (!r && scene->kind->used)
		write_all(scene);
	if (!r && scene->kind->between)
		r = scene->kind->between(scene);
	return r;
}

bool nm_scene_native(struct nm_native_round *round, const struct nm_scene_kind *kind, char *why,
		     size_t size)
{
	struct nm_scene scene = {.kind = kind};
	bool right = false;
	int r;

	round->warmup = warmup_of(round->warmup, round->samples);
	scene.pages = round->warmup + round->samples;
	r = begin_native(&scene);
	if (r) {
		snprintf(why, size, "%s", nm_error_last()->text);
		round->unsupported = r == -EOPNOTSUPP;
		round->remedy = nm_error_last()->remedy;
	} else {
		right = check(&scene, touch_all(&scene, round), why, size);
	}
	end(&scene);
	return right;
}
