/* A store as others read it: serial, read-only, without MPI. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_read_priv.h"

evl_status evl_store_open(const char *path, evl_store **store) {
  evl_h5_begin();
  if (access(path, R_OK) != 0) return evl_fail(EVL_IO, "%s: the store cannot be read: %s", path, strerror(errno));
  if (H5Fis_hdf5(path) <= 0) return evl_fail(EVL_FORMAT, "%s: an HDF5 file expected, found something else", path);
  hid_t plist = evl_h5_access();
  H5Pset_fclose_degree(plist, H5F_CLOSE_STRONG);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, plist);
  H5Pclose(plist);
  if (file < 0) return evl_h5_fail(EVL_FORMAT, path, NULL, "a whole HDF5 file expected");
  evl_store *s = calloc(1, sizeof *s);
  char *copy = strdup(path);
  if (!s || !copy) {
    free(s);
    free(copy);
    H5Fclose(file);
    return evl_fail(EVL_MEMORY, "%s: no memory to open it", path);
  }
  *s = (evl_store){.path = copy, .file = file};
  *store = s;
  return EVL_OK;
}

void evl_store_close(evl_store *store) {
  if (!store) return;
  H5Fclose(store->file);
  free(store->path);
  free(store);
}

/* H5Lexists wants every group on the way to exist. */
bool evl_store_has(evl_store *store, const char *path) {
  bool there = path[0] == '/';
  char *prefix = there ? strdup(path) : NULL;
  for (char *end = prefix; there && end && *end;) {
    end = strchr(end + 1, '/');
    if (end) *end = 0;
    if (prefix[1]) there = H5Lexists(store->file, prefix, H5P_DEFAULT) > 0;
    if (end) *end = '/';
  }
  free(prefix);
  H5Eclear2(H5E_DEFAULT);
  return there;
}

static evl_status absent(const evl_store *store, const char *path, const char *what) {
  return evl_fail(EVL_FORMAT, "%s: %s %s expected, not found", store->path, what, path);
}

typedef struct members {
  evl_arena *arena;
  const char **name;
  hsize_t n, most;
} members;

/* By H5Literate: asking for names by index sorts the whole group again for each. */
static herr_t add_member(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  members *list = context;
  (void)info;
  if (list->n == list->most) return -1;
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  bool is_group = object >= 0 && H5Iget_type(object) == H5I_GROUP;
  if (object >= 0) H5Oclose(object);
  list->name[list->n] = evl_arena_format(list->arena, "%s%s", name, is_group ? "/" : "");
  return list->name[list->n++] ? 0 : -1;
}

evl_status evl_store_list(evl_store *store, const char *group, evl_arena *arena, int *n, const char ***name) {
  H5G_info_t info;
  hid_t id = evl_store_has(store, group) ? H5Gopen2(store->file, group, H5P_DEFAULT) : H5I_INVALID_HID;
  if (id < 0) return absent(store, group, "group");
  members list = {.arena = arena};
  evl_status status =
      H5Gget_info(id, &info) < 0 ? evl_h5_fail(EVL_FORMAT, store->path, group, "its members are unreadable") : EVL_OK;
  if (status == EVL_OK && info.nlinks > INT32_MAX / 2)
    status = evl_fail(EVL_LIMIT, "%s: %s: too many members", store->path, group);
  if (status == EVL_OK) {
    list.most = info.nlinks;
    list.name = evl_arena_alloc(arena, ((size_t)list.most + 1) * sizeof *list.name);
    if (!list.name) status = EVL_MEMORY;
  }
  if (status == EVL_OK && H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, add_member, &list) < 0)
    status = evl_h5_fail(EVL_FORMAT, store->path, group, "its members are unreadable");
  H5Gclose(id);
  *n = (int)list.n;
  *name = list.name;
  return status;
}

/* The type under which a dataset is read; false: none of ours. */
static bool type_of(hid_t dataset, evl_type *type) {
  hid_t id = H5Dget_type(dataset);
  size_t bytes = H5Tget_size(id);
  H5T_class_t kind = H5Tget_class(id);
  bool is_signed = kind == H5T_INTEGER && H5Tget_sign(id) == H5T_SGN_2, known = true;
  H5Tclose(id);
  if (kind == H5T_STRING) *type = EVL_TEXT;
  else if (kind == H5T_FLOAT && bytes <= 8) *type = bytes <= 4 ? EVL_F32 : EVL_F64;
  else if (kind == H5T_ENUM && bytes == 1) *type = EVL_U8;
  else if (kind == H5T_INTEGER && bytes == 1 && !is_signed) *type = EVL_U8;
  else if (kind == H5T_INTEGER && bytes == 4 && !is_signed) *type = EVL_U32;
  else if (kind == H5T_INTEGER && bytes <= 4 && (is_signed || bytes == 2)) *type = EVL_I32;
  else if (kind == H5T_INTEGER && bytes == 8 && is_signed) *type = EVL_I64;
  else known = false;
  return known;
}

evl_status evl_h5_open(evl_store *store, const char *path, open_dataset *open) {
  *open = (open_dataset){.id = H5I_INVALID_HID};
  if (!evl_store_has(store, path)) return absent(store, path, "dataset");
  open->id = H5Dopen2(store->file, path, H5P_DEFAULT);
  if (open->id < 0) return evl_h5_fail(EVL_FORMAT, store->path, path, "a dataset expected");
  hsize_t dim[H5S_MAX_RANK] = {0};
  hid_t space = H5Dget_space(open->id);
  open->n_dims = H5Sget_simple_extent_dims(space, dim, NULL);
  bool fits = open->n_dims >= 0 && open->n_dims <= 4 && H5Sget_simple_extent_type(space) != H5S_NULL;
  H5Sclose(space);
  evl_status status = EVL_OK;
  if (!fits)
    status = evl_fail(EVL_FORMAT, "%s: %s: at most 4 dimensions expected, found %d", store->path, path, open->n_dims);
  else if (!type_of(open->id, &open->type))
    status = evl_fail(EVL_FORMAT, "%s: %s: numbers of at most 64 bit or texts expected, found another type",
                      store->path, path);
  open->row_elements = 1;
  for (int k = 0; k < 4 && fits; k++) {
    open->dim[k] = k < open->n_dims ? dim[k] : 1;
    if (k > 0 && __builtin_mul_overflow(open->row_elements, open->dim[k], &open->row_elements))
      status = evl_fail(EVL_FORMAT, "%s: %s: impossible dimensions", store->path, path);
  }
  if (status != EVL_OK) H5Dclose(open->id);
  return status;
}

evl_status evl_store_shape(evl_store *store, const char *path, evl_type *type, int *n_dims, uint64_t dim[4]) {
  open_dataset open;
  EVL_TRY(evl_h5_open(store, path, &open));
  *type = open.type;
  *n_dims = open.n_dims;
  for (int k = 0; k < 4; k++) dim[k] = k < open.n_dims ? open.dim[k] : 0;
  H5Dclose(open.id);
  return EVL_OK;
}

evl_status evl_h5_read(const evl_store *store, const char *path, const open_dataset *open, hid_t memory_type,
                       uint64_t row, uint64_t n, void *data) {
  hsize_t start[4] = {row}, count[4] = {n, open->dim[1], open->dim[2], open->dim[3]};
  if (row > open->dim[0] || n > open->dim[0] - row)
    return evl_fail(EVL_FORMAT, "%s: %s: rows %llu to %llu expected, found %llu rows", store->path, path,
                    (unsigned long long)row, (unsigned long long)(row + n), (unsigned long long)open->dim[0]);
  if (n == 0 || open->row_elements == 0) return EVL_OK;
  hid_t file = H5Dget_space(open->id),
        memory = open->n_dims ? H5Screate_simple(open->n_dims, count, NULL) : H5Scopy(file);
  herr_t done = open->n_dims ? H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) : 0;
  if (done >= 0) done = H5Dread(open->id, memory_type, memory, file, H5P_DEFAULT, data);
  H5Sclose(memory);
  H5Sclose(file);
  return done < 0 ? evl_h5_fail(EVL_FORMAT, store->path, path, "its content is unreadable") : EVL_OK;
}

/* HDF5 clips numbers that do not fit without a word: only conversions that keep every integer. */
static bool keeps_integers(evl_type from, evl_type to) {
  if (from == to || to == EVL_F64) return true;
  switch (from) {
    case EVL_F64: return to == EVL_F32;
    case EVL_U8: return true;
    case EVL_I32: return to == EVL_I64;
    case EVL_U32: return to == EVL_I64;
    default: return false;
  }
}

evl_status evl_store_read(evl_store *store, const char *path, evl_type type, uint64_t row, uint64_t n, void *data) {
  open_dataset open;
  EVL_TRY(evl_h5_open(store, path, &open));
  evl_status status = EVL_OK;
  if (type == EVL_TEXT || open.type == EVL_TEXT)
    status = evl_fail(EVL_FORMAT, "%s: %s: numbers expected, found texts", store->path, path);
  else if (!keeps_integers(open.type, type))
    status = evl_fail(EVL_FORMAT, "%s: %s: its numbers do not fit into the type that was asked for", store->path, path);
  else status = evl_h5_read(store, path, &open, evl_h5_memory_type(type), row, n, data);
  H5Dclose(open.id);
  return status;
}
