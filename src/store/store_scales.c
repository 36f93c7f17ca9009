/* Dimension scales (HDF5 Dimension Scale Specification 1.0): the attributes that H5DSset_scale and
   H5DSattach_scale would write. H5DSattach_scale copies the list of all users of a scale for each
   new one: 3 s and 100 MB of holes for the 10,000 columns of a manifest. Here it is written once. */
#include <stdlib.h>
#include <string.h>

#include "store_write_priv.h"

typedef struct user {
  hobj_ref_t dataset;
  int dimension;
} user; /* of a scale, as in the specification */
typedef struct user_list {
  const char *scale;
  int index;
  int n, capacity;
  user *user;
} user_list;

static int by_scale(const void *a, const void *b) {
  return strcmp(((const user_list *)a)->scale, ((const user_list *)b)->scale);
}

static herr_t put_attribute(hid_t object, const char *name, hid_t type, hid_t space, const void *data) {
  hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  herr_t done = id < 0 ? -1 : H5Awrite(id, type, data);
  if (id >= 0) H5Aclose(id);
  return done;
}

static herr_t put_text(hid_t object, const char *name, const char *text) {
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, strlen(text) + 1);
  herr_t done = put_attribute(object, name, type, space, text);
  H5Sclose(space);
  H5Tclose(type);
  return done;
}

/* The scale: what it is, its name, and who uses it. */
static herr_t write_scale(hid_t scale, const char *path, const user_list *list) {
  if (put_text(scale, "CLASS", "DIMENSION_SCALE") < 0 || put_text(scale, "NAME", strrchr(path, '/') + 1) < 0) return -1;
  if (list->n == 0) return 0;
  hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(user));
  H5Tinsert(type, "dataset", HOFFSET(user, dataset), H5T_STD_REF_OBJ);
  H5Tinsert(type, "dimension", HOFFSET(user, dimension), H5T_NATIVE_INT);
  hsize_t n = (hsize_t)list->n;
  hid_t space = H5Screate_simple(1, &n, NULL);
  herr_t done = put_attribute(scale, "REFERENCE_LIST", type, space, list->user);
  H5Sclose(space);
  H5Tclose(type);
  return done;
}

/* The dataset: a list of references a dimension, empty where it has no scale. */
static herr_t write_dimensions(hid_t dataset, const hobj_ref_t *scale, const bool *has, int n_dims) {
  hvl_t list[4];
  hobj_ref_t reference[4];
  hsize_t n = (hsize_t)n_dims;
  for (int k = 0; k < n_dims; k++) {
    reference[k] = scale[k];
    list[k] = (hvl_t){.len = has[k], .p = has[k] ? &reference[k] : NULL};
  }
  hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ), space = H5Screate_simple(1, &n, NULL);
  herr_t done = put_attribute(dataset, "DIMENSION_LIST", type, space, list);
  H5Sclose(space);
  H5Tclose(type);
  return done;
}

static user_list *find(user_list *lists, int n, const char *scale) {
  user_list wanted = {.scale = scale};
  return bsearch(&wanted, lists, (size_t)n, sizeof *lists, by_scale);
}

static evl_status add_user(user_list *list, const char *path, user new_user) {
  if (list->n == list->capacity) {
    int capacity = list->capacity ? 2 * list->capacity : 16;
    user *more = realloc(list->user, (size_t)capacity * sizeof *more);
    if (!more) return evl_fail(EVL_MEMORY, "%s: no memory for the users of scale %s", path, list->scale);
    list->user = more;
    list->capacity = capacity;
  }
  memset(&list->user[list->n], 0, sizeof(user)); /* padding is written too */
  list->user[list->n].dataset = new_user.dataset;
  list->user[list->n++].dimension = new_user.dimension;
  return EVL_OK;
}

static evl_status attach(const evl_store_plan *plan, const char *path, const hid_t *dataset, int i, user_list *lists,
                         int n) {
  const evl_dataset *d = &plan->dataset[i];
  hobj_ref_t reference[4] = {0};
  bool has[4] = {0}, any = false;
  user me = {0};
  if (H5Rcreate(&me.dataset, dataset[i], ".", H5R_OBJECT, H5I_INVALID_HID) < 0)
    return evl_h5_fail(EVL_IO, path, d->path, "no reference to the dataset");
  for (int k = 0; k < d->n_dims; k++) {
    if (!d->scale[k]) continue;
    user_list *list = find(lists, n, d->scale[k]);
    has[k] = any = true;
    if (H5Rcreate(&reference[k], dataset[list->index], ".", H5R_OBJECT, H5I_INVALID_HID) < 0)
      return evl_h5_fail(EVL_IO, path, d->scale[k], "no reference to the scale");
    me.dimension = k;
    EVL_TRY(add_user(list, path, me));
  }
  if (any && write_dimensions(dataset[i], reference, has, d->n_dims) < 0)
    return evl_h5_fail(EVL_IO, path, d->path, "the list of scales could not be written");
  return EVL_OK;
}

evl_status evl_store_attach_scales(const evl_store_plan *plan, const char *path, const hid_t *dataset) {
  int n = 0;
  evl_status status = EVL_OK;
  user_list *lists = calloc((size_t)plan->n_datasets + 1, sizeof *lists);
  if (!lists) return evl_fail(EVL_MEMORY, "%s: no memory for scales", path);
  for (int i = 0; i < plan->n_datasets; i++)
    if (plan->dataset[i].is_scale) lists[n++] = (user_list){.scale = plan->dataset[i].path, .index = i};
  qsort(lists, (size_t)n, sizeof *lists, by_scale);
  for (int i = 0; i < plan->n_datasets && status == EVL_OK; i++) status = attach(plan, path, dataset, i, lists, n);
  for (int i = 0; i < n && status == EVL_OK; i++)
    if (write_scale(dataset[lists[i].index], lists[i].scale, &lists[i]) < 0)
      status = evl_h5_fail(EVL_IO, path, lists[i].scale, "the scale could not be written");
  for (int i = 0; i < n; i++) free(lists[i].user);
  free(lists);
  return status;
}
