/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_CLOUDS_H
#define NM_PROBES_CLOUDS_H

#include "core/document.h"
#include "probes/signs.h"

#include <stdbool.h>

/* Clouds, their instance families and what they say of nested virtualization: data of one date (docs/platforms.md). */

#define NM_CLOUDS_AS_OF "2026-09"

/** What follows from a cloud for nested virtualization where the CPU does not show it. */
struct nm_offer {
	const char *value; /* "offered, off", "not offered", "off" */
	enum nm_status status;
	const char *remedy;
	const char *known; /* what is known, in one sentence */
};

struct nm_cloud {
	const char *name;
	const char *
		service; /* its metadata service, as --imds names it; NULL: none that nestmark asks */
	struct nm_offer offer;
};

extern const struct nm_cloud nm_cloud_ec2, nm_cloud_gce, nm_cloud_azure;

/** Where a cloud was recognised; NULL: nowhere. *field and *string say by what. */
const struct nm_cloud *nm_cloud_find(const struct nm_signs *signs, const char **field,
				     const char **string);

/** Whether a string is an EC2 instance type: "m8i.xlarge", "c7g.metal-48xl". */
bool nm_ec2_is_type(const char *type);
bool nm_ec2_is_metal(const char *type);
/** Graviton: the letters behind the generation have a g, as in m8g and c7gn; and a1. */
bool nm_ec2_is_graviton(const char *type);

/** A family for which EC2 lists nested virtualization. */
struct nm_ec2_family {
	const char *name;
	const char *announced; /* NULL: no announcement is known */
};

const struct nm_ec2_family *nm_ec2_family_find(const char *type);

/** Machine types of Compute Engine without nested virtualization whatever their CPU: E2, N2D, memory-optimized. */
bool nm_gce_is_excluded(const char *machine_type);

/** What a platform does not let L1 do even with nested virtualization on. */
struct nm_limit {
	const struct nm_cloud *cloud;
	const char *id;
	const char *text;
	const char *source;
};

extern const struct nm_limit nm_limits[]; /* cloud is NULL at the end */

#endif
