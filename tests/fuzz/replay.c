/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* For compilers without libFuzzer: runs a fuzz target once with each file of the directories that are its arguments. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static unsigned int replay_file(const char *path)
{
	static uint8_t data[MAX_BYTES];
	FILE *file = fopen(path, "re");
	size_t bytes;

	if (!file)
		return 0;
	bytes = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, bytes);
	return 1;
}

static unsigned int replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	unsigned int count = 0;
	char file[4096];

	if (!directory) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 0;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		count += replay_file(file);
	}
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay_directory(argv[i]);
	printf("%u inputs\n", count);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
