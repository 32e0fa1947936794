/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/together.h"

#include <pthread.h>
#include <unistd.h>

/* It is for reading documents, whose results are taken one by one: more threads would wait. */
#define MAX_THREADS 4

void nm_together(void *(*work)(void *context), void *context)
{
	pthread_t threads[MAX_THREADS];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int started = 0;

	while (started + 1 < cpus && started + 1 < MAX_THREADS &&
	       !pthread_create(&threads[started], NULL, work, context))
		started++;
	work(context);
	while (started)
		pthread_join(threads[--started], NULL);
}
