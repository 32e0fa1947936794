/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_view.h"

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

int64_t nm_kvm_view_capability(const struct nm_kvm_view *view, uint32_t number)
{
	for (size_t i = 0; i < view->capabilities.count; i++) {
		const struct nm_kvm_capability *capability = &view->capabilities.items[i];

		if (capability->number == number)
			return capability->vm >= 0 ? capability->vm : capability->system;
	}
	return 0;
}
