/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/imds.h"

#include "core/clock.h"
#include "core/error.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Its macro checks types by names that only a linked libcurl has. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define ADDRESS	   "http://169.254.169.254"
#define LIMIT_NS   NM_NS_PER_S
#define MAX_ANSWER ((size_t)8 << 10)
#define MAX_TOKEN  512

/* Loaded when it is asked for, so that nestmark starts fast and runs without it. */
struct library {
	__typeof__(&curl_easy_init) init;
	__typeof__(&curl_easy_setopt) set;
	__typeof__(&curl_easy_perform) perform;
	__typeof__(&curl_easy_getinfo) get;
	__typeof__(&curl_easy_cleanup) cleanup;
	__typeof__(&curl_slist_append) append;
	__typeof__(&curl_slist_free_all) free_all;
};

struct client {
	struct library curl;
	CURL *handle;
	struct curl_slist *headers;
	uint64_t deadline_ns;
	char bytes[MAX_ANSWER + 1];
	size_t length;
	bool too_long;
};

/* What is asked of whom: nothing that names an account, a project or an instance. */
static const struct question {
	const char *service;
	const char *path;
	const char *key;
	bool last_part; /* of projects/NUMBER/zones/ZONE */
} questions[] = {
	{"ec2", "/latest/meta-data/instance-type", "instance_type", false},
	{"ec2", "/latest/meta-data/placement/region", "location", false},
	{"gce", "/computeMetadata/v1/instance/machine-type", "instance_type", true},
	{"gce", "/computeMetadata/v1/instance/zone", "location", true},
	{"gce", "/computeMetadata/v1/instance/cpu-platform", "cpu_platform", false},
	{"azure", "/metadata/instance/compute/vmSize?api-version=2021-02-01&format=text",
	 "instance_type", false},
	{"azure", "/metadata/instance/compute/location?api-version=2021-02-01&format=text",
	 "location", false},
	{NULL, NULL, NULL, false},
};

static const struct {
	const char *service;
	const char *header;
} headers[] = {
	{"gce", "Metadata-Flavor: Google"},
	{"azure", "Metadata: true"},
	{NULL, NULL},
};

/* POSIX lets a function's address come as void *, C does not let it be cast. */
static bool load_symbol(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol;
}

/* It stays loaded: the TLS libraries beneath it do not like to be unloaded. */
static int load(struct library *out)
{
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	if (library && load_symbol(library, "curl_easy_init", &out->init) &&
	    load_symbol(library, "curl_easy_setopt", &out->set) &&
	    load_symbol(library, "curl_easy_perform", &out->perform) &&
	    load_symbol(library, "curl_easy_getinfo", &out->get) &&
	    load_symbol(library, "curl_easy_cleanup", &out->cleanup) &&
	    load_symbol(library, "curl_slist_append", &out->append) &&
	    load_symbol(library, "curl_slist_free_all", &out->free_all))
		return 0;
	return nm_fail(ELIBACC, "libcurl.so.4 cannot be loaded");
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct client *client = context;
	size_t length = size * count;

	client->too_long = length > MAX_ANSWER - client->length;
	if (client->too_long)
		return 0;
	memcpy(client->bytes + client->length, bytes, length);
	client->length += length;
	return length;
}

static int add_header(struct client *client, const char *header)
{
	struct curl_slist *longer = client->curl.append(client->headers, header);

	if (!longer)
		return -ENOMEM;
	client->headers = longer;
	client->curl.set(client->handle, CURLOPT_HTTPHEADER, client->headers);
	return 0;
}

static int begin(struct client *client)
{
	int r = load(&client->curl);

	if (r)
		return r;
	client->deadline_ns = nm_clock_raw_ns() + LIMIT_NS;
	client->handle = client->curl.init();
	if (!client->handle)
		return nm_fail(ENOMEM, "libcurl cannot start");
	client->curl.set(client->handle, CURLOPT_NOSIGNAL, 1L);
	/* Not even what the environment names: the address is of this link only. */
	client->curl.set(client->handle, CURLOPT_PROXY, "");
	client->curl.set(client->handle, CURLOPT_FOLLOWLOCATION, 0L);
	client->curl.set(client->handle, CURLOPT_WRITEFUNCTION, take);
	client->curl.set(client->handle, CURLOPT_WRITEDATA, client);
	return 0;
}

static void end(struct client *client)
{
	if (client->handle)
		client->curl.cleanup(client->handle);
	if (client->headers)
		client->curl.free_all(client->headers);
}

static int error_of_status(long status)
{
	if (status == 200)
		return 0;
	if (status == 401 || status == 403)
		return -EACCES;
	return status >= 300 && status < 400 ? -ELOOP : -EPROTO;
}

static int error_of(struct client *client, CURLcode code)
{
	long os_error = 0;

	if (client->too_long)
		return -EFBIG;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	if (code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	client->curl.get(client->handle, CURLINFO_OS_ERRNO, &os_error);
	return code == CURLE_COULDNT_CONNECT && os_error ? -(int)os_error : -EPROTO;
}

/* method: NULL is GET. The body is client->bytes, terminated. */
static int request(struct client *client, const char *method, const char *path)
{
	uint64_t now = nm_clock_raw_ns();
	char url[256];
	long status = 0;
	CURLcode code;
	int r;

	if (now + NM_NS_PER_S / 1000 >= client->deadline_ns)
		return -ETIMEDOUT;
	snprintf(url, sizeof(url), ADDRESS "%s", path);
	client->length = 0;
	client->curl.set(client->handle, CURLOPT_URL, url);
	client->curl.set(client->handle, CURLOPT_CUSTOMREQUEST, method);
	client->curl.set(client->handle, CURLOPT_TIMEOUT_MS,
			 (long)((client->deadline_ns - now) / 1000000));
	code = client->curl.perform(client->handle);
	client->bytes[client->length] = '\0';
	if (code != CURLE_OK)
		return error_of(client, code);
	client->curl.get(client->handle, CURLINFO_RESPONSE_CODE, &status);
	r = error_of_status(status);
	return !r && strlen(client->bytes) != client->length ? -EBADMSG : r;
}

/* IMDSv2: a session token first (EC2 user guide, Use the Instance Metadata Service). */
static int get_token(struct client *client)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+/=_-";
	char header[MAX_TOKEN + 64];
	int r = add_header(client, "X-aws-ec2-metadata-token-ttl-seconds: 60");

	if (!r)
		r = request(client, "PUT", "/latest/api/token");
	if (r)
		return r;
	if (!client->length || client->length > MAX_TOKEN ||
	    strspn(client->bytes, letters) != client->length)
		return -EBADMSG;
	client->curl.set(client->handle, CURLOPT_HTTPHEADER, NULL);
	client->curl.free_all(client->headers);
	client->headers = NULL;
	snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %.*s", MAX_TOKEN,
		 client->bytes);
	return add_header(client, header);
}

static int authorise(struct client *client, const char *service)
{
	int r = 0;

	if (!strcmp(service, "ec2"))
		return get_token(client);
	for (size_t i = 0; !r && headers[i].service; i++)
		if (!strcmp(headers[i].service, service))
			r = add_header(client, headers[i].header);
	return r;
}

static int ask(struct client *client, const struct question *question, struct nm_text *out)
{
	int r = request(client, NULL, question->path);
	const char *slash = strrchr(client->bytes, '/');
	const char *value = question->last_part && slash ? slash + 1 : client->bytes;

	if (r)
		return r;
	client->bytes[strcspn(client->bytes, "\r\n")] = '\0';
	if (!nm_imds_value_ok(value))
		return -EBADMSG;
	nm_text_printf(out, "%s %s\n", question->key, value);
	return 0;
}

int nm_imds_ask(struct nm_text *out, void *service)
{
	struct client client = {0};
	int r = begin(&client);

	if (!r)
		r = authorise(&client, service);
	for (const struct question *question = questions; !r && question->service; question++)
		if (!strcmp(question->service, service))
			r = ask(&client, question, out);
	end(&client);
	return r;
}
