/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/against.h"

#include <errno.h>

/* What was not asked for is not missing. */
static int select_lines(struct nm_compare_request *request, struct nm_arena *arena,
			const struct nm_selection *selection)
{
	request->only = selection->patterns;
	request->groups = selection->groups;
	if (selection->native == selection->guest)
		return 0;
	return nm_strings_add(
		arena, &request->contexts,
		nm_context_names[selection->guest ? NM_CONTEXT_GUEST : NM_CONTEXT_NATIVE]);
}

int nm_against_prepare(struct nm_against *against, const struct nm_selection *selection,
		       const char *document_path)
{
	struct nm_comparing *comparing = &against->comparing;
	int r = nm_comparing_prepare(comparing);

	if (!r)
		r = nm_documents_read(&comparing->arena, &against->base, against->paths,
				      against->count);
	if (!r)
		r = nm_documents_side(&comparing->arena, &against->base, 0, against->base.count,
				      &comparing->request.base);
	if (!r)
		r = select_lines(&comparing->request, &comparing->arena, selection);
	for (size_t i = 0; !r && i < against->count; i++)
		r = nm_outputs_check(&comparing->outputs, NULL, against->paths[i]);
	if (!r)
		r = nm_outputs_check(&comparing->outputs, NULL, document_path);
	return r ? r : nm_outputs_open(&comparing->outputs, NULL);
}

int nm_against_finish(struct nm_against *against, const struct nm_document *document,
		      const char *document_path)
{
	against->comparing.request.changed = (struct nm_compare_side) {.documents = &document,
								       .paths = &document_path,
								       .count = 1};
	return nm_comparing_finish(&against->comparing);
}

void nm_against_free(struct nm_against *against)
{
	nm_documents_free(&against->base);
	nm_comparing_free(&against->comparing);
}
