/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/imds.h"

#include "probes/evidence.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define MAX_VALUE     64
#define MAX_DIGITS    8 /* in a row: account ids and project numbers have more */
#define INSTANCE_TYPE "instance_type"

static const char *const services[] = {"ec2", "gce", "azure", NULL};

static const struct {
	const char *key;
	const char *id;
} keys[] = {
	{INSTANCE_TYPE, "platform.imds.instance_type"},
	{"location", "platform.imds.location"},
	{"cpu_platform", "platform.imds.cpu_platform"},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

bool nm_imds_knows(const char *service)
{
	return nm_name_index(services, service) >= 0;
}

static bool is_number_free(const char *value)
{
	size_t digits = 0;

	for (; *value && digits <= MAX_DIGITS; value++)
		digits = isdigit((unsigned char)*value) ? digits + 1 : 0;
	return digits <= MAX_DIGITS;
}

bool nm_imds_value_ok(const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 ._-";
	size_t length = strlen(value);

	return length && length <= MAX_VALUE && strspn(value, letters) == length &&
	       value[0] != ' ' && value[length - 1] != ' ' && is_number_free(value);
}

struct answers {
	const char *values[KEYS];
};

static int find_key(const char *line, size_t length)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strlen(keys[i].key) == length && !strncmp(line, keys[i].key, length))
			return (int)i;
	return -1;
}

/* "key value": each key once. */
static int parse_line(char *line, struct answers *out)
{
	size_t length = strcspn(line, " ");
	int key = find_key(line, length);

	if (key < 0 || line[length] != ' ' || out->values[key] ||
	    !nm_imds_value_ok(line + length + 1))
		return -EBADMSG;
	out->values[key] = line + length + 1;
	return 0;
}

/* What nm_imds_ask() writes, and nothing else. Cuts text into lines. */
static int parse(char *text, struct answers *out)
{
	int r = *text ? 0 : -EBADMSG;

	while (!r && *text) {
		char *end = strchr(text, '\n');

		if (!end)
			return -EBADMSG;
		*end = '\0';
		r = parse_line(text, out);
		text = end + 1;
	}
	return r;
}

/* Why a service gave nothing: EACCES is of HTTP. */
static const char *why_silent(int error)
{
	switch (error) {
	case ELIBACC:
		return "libcurl.so.4 is not there";
	case ETIMEDOUT:
		return "no answer within 1 s; in a container the hop limit of the token may be the "
		       "cause";
	case EFBIG:
		return "an answer of more than 8 KiB was refused";
	case EBADMSG:
		return "the answer is not what such a service gives";
	case ELOOP:
		return "a redirection was refused";
	case EACCES:
		return "the service refused (HTTP 401 or 403)";
	case EPROTO:
		return "HTTP failed, or its status is not 200";
	default:
		return nm_why_not(error);
	}
}

static int add_unknown(struct nm_probe_context *context, const char *service, int error)
{
	return nm_unknown_add(context, "platform.imds",
			      error == ELIBACC ? "install libcurl4" : NULL,
			      "metadata service %s at 169.254.169.254: %s", service,
			      why_silent(error));
}

static int add_answers(struct nm_probe_context *context, const char *service,
		       const struct answers *answers)
{
	int r = nm_finding_add(context, "platform.imds", NM_STATUS_INFO, NM_STRING(service), NULL,
			       "answered at 169.254.169.254; ids of accounts, projects and "
			       "instances are not asked for");

	for (size_t i = 0; !r && i < KEYS; i++)
		if (answers->values[i])
			r = nm_finding_add(context, keys[i].id, NM_STATUS_INFO,
					   NM_STRING(answers->values[i]), NULL,
					   "metadata service %s", service);
	return r;
}

int nm_imds_probe(struct nm_probe_context *context, const struct nm_cloud *cloud, const char **type)
{
	const char *service = context->cloud_service;
	struct answers answers = {0};
	char *text;
	int r;

	if (!context->ask_cloud)
		return 0;
	if (!service && cloud)
		service = cloud->service;
	if (!service)
		return nm_unknown_add(context, "platform.imds",
				      "name the service: --imds=ec2|gce|azure",
				      "not asked: nestmark knows no metadata service of %s",
				      cloud ? cloud->name
					    : "a platform that it does not recognise");
	text = nm_root_fact(context->root, context->arena, "imds", nm_imds_ask, (void *)service);
	r = text ? parse(text, &answers) : -errno;
	if (r)
		return add_unknown(context, service, -r);
	if (cloud && cloud->service && !strcmp(cloud->service, service))
		*type = answers.values[0];
	return add_answers(context, service, &answers);
}
