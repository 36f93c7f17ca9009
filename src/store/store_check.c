/* What a plan of a store must fulfil before anything is written. */
#include <stdlib.h>
#include <string.h>

#include "store_write_priv.h"

typedef struct named {
  const char *path;
  int index;
} named;

static int by_path(const void *a, const void *b) { return strcmp(((const named *)a)->path, ((const named *)b)->path); }

uint64_t evl_dataset_elements(const evl_dataset *dataset, int from_dim) {
  uint64_t n = 1;
  for (int d = from_dim; d < dataset->n_dims; d++) n *= dataset->dim[d];
  return n;
}

static evl_status check_attributes(const char *path, const evl_attribute *attribute, int n) {
  for (int i = 0; i < n; i++)
    if (attribute[i].n < 1 || !attribute[i].data)
      return evl_fail(EVL_USAGE, "%s: attribute %s: at least one value expected", path, attribute[i].name);
  return EVL_OK;
}

static evl_status check_shape(const evl_dataset *d) {
  size_t n = strlen(d->path);
  if (n < 2 || d->path[0] != '/' || d->path[n - 1] == '/' || strstr(d->path, "//"))
    return evl_fail(EVL_USAGE, "dataset \"%s\": a path such as /group/name expected", d->path);
  if (d->n_dims < 0 || d->n_dims > 4)
    return evl_fail(EVL_USAGE, "%s: 0 to 4 dimensions expected, found %d", d->path, d->n_dims);
  uint64_t bytes = evl_type_bytes(d->type);
  for (int k = 0; k < d->n_dims; k++)
    if (__builtin_mul_overflow(bytes, d->dim[k] ? d->dim[k] : 1, &bytes) || bytes > INT64_MAX)
      return evl_fail(EVL_LIMIT, "%s: a dataset of more than 2^63 bytes", d->path);
  if (!d->data && evl_dataset_elements(d, 0) && (d->type == EVL_TEXT || d->n_dims == 0))
    return evl_fail(EVL_USAGE, "%s: texts and scalars need their data, rows cannot be filled", d->path);
  if (evl_dataset_elements(d, 1) > ((uint64_t)1 << 30) / evl_type_bytes(d->type))
    return evl_fail(EVL_LIMIT, "%s: rows of at most 1 GiB expected", d->path);
  if (d->is_scale && d->n_dims != 1)
    return evl_fail(EVL_USAGE, "%s: a scale has one dimension, found %d", d->path, d->n_dims);
  return check_attributes(d->path, d->attribute, d->n_attributes);
}

static evl_status check_scales(const evl_store_plan *plan, const named *sorted, const evl_dataset *d) {
  for (int k = 0; k < d->n_dims; k++) {
    if (!d->scale[k]) continue;
    named wanted = {.path = d->scale[k]};
    const named *found = bsearch(&wanted, sorted, (size_t)plan->n_datasets, sizeof *sorted, by_path);
    const evl_dataset *scale = found ? &plan->dataset[found->index] : NULL;
    if (!scale || !scale->is_scale)
      return evl_fail(EVL_USAGE, "%s: dimension %d: %s is not a scale", d->path, k, d->scale[k]);
    if (d->is_scale) return evl_fail(EVL_USAGE, "%s: a scale cannot have a scale", d->path);
    if (scale->dim[0] != d->dim[k])
      return evl_fail(EVL_USAGE, "%s: dimension %d has %llu elements, its scale %s has %llu", d->path, k,
                      (unsigned long long)d->dim[k], d->scale[k], (unsigned long long)scale->dim[0]);
    for (int other = 0; other < k; other++)
      if (d->scale[other] && strcmp(d->scale[other], d->scale[k]) == 0)
        return evl_fail(EVL_USAGE, "%s: scale %s stands at two dimensions", d->path, d->scale[k]);
  }
  return EVL_OK;
}

static evl_status check_all(const evl_store_plan *plan, named *sorted) {
  for (int i = 0; i < plan->n_datasets; i++) {
    EVL_TRY(check_shape(&plan->dataset[i]));
    sorted[i] = (named){plan->dataset[i].path, i};
  }
  qsort(sorted, (size_t)plan->n_datasets, sizeof *sorted, by_path);
  for (int i = 1; i < plan->n_datasets; i++)
    if (strcmp(sorted[i - 1].path, sorted[i].path) == 0)
      return evl_fail(EVL_USAGE, "dataset %s stands in the plan twice", sorted[i].path);
  for (int i = 0; i < plan->n_datasets; i++) EVL_TRY(check_scales(plan, sorted, &plan->dataset[i]));
  for (int i = 0; i < plan->n_groups; i++)
    EVL_TRY(check_attributes(plan->group[i].path, plan->group[i].attribute, plan->group[i].n_attributes));
  return check_attributes("/", plan->attribute, plan->n_attributes);
}

evl_status evl_store_check(const evl_store_plan *plan) {
  if (!plan->path || !plan->path[0] || plan->n_datasets < 0 || plan->n_attributes < 0)
    return evl_fail(EVL_USAGE, "a store needs a path and datasets");
  named *sorted = malloc(((size_t)plan->n_datasets + 1) * sizeof *sorted);
  if (!sorted) return evl_fail(EVL_MEMORY, "%s: no memory to check the plan", plan->path);
  evl_status status = check_all(plan, sorted);
  free(sorted);
  return status;
}

bool evl_dataset_chunk(const evl_store_plan *plan, const evl_dataset *dataset, hsize_t chunk[4]) {
  size_t element = evl_type_bytes(dataset->type);
  uint64_t budget = ((uint64_t)512 << 10) / element, elements = evl_dataset_elements(dataset, 0);
  if (!plan->compress || dataset->type == EVL_TEXT || elements * element < (64u << 10)) return false;
  /* Whole rows where they fit, otherwise runs of a row. */
  for (int d = dataset->n_dims - 1; d >= 0; d--) {
    chunk[d] = dataset->dim[d] < budget ? dataset->dim[d] : budget ? budget : 1;
    budget /= chunk[d];
  }
  return true;
}
