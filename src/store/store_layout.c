/* The file before its rows: rank 0 alone, serial driver, because variable-length strings cannot be
   written through MPI. No time stamps, so that the same content has the same bytes.

   HDF5 survives no write that fails, and may even hide it; so it lays the file out in memory (rows that come later are
   holes), and the copy to the disk is ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_write_priv.h"

typedef struct layout { /* property lists and what is open */
  const evl_store_plan *plan;
  const char *path;
  hid_t file, text, space_of_scalar;
  hid_t *dataset; /* [n_datasets] or H5I_INVALID_HID */
} layout;

/* NULL texts are empty ones. `n` pointers, to be freed; NULL: out of memory. */
static const char **whole_texts(const char *const *text, uint64_t n) {
  const char **copy = malloc((size_t)(n + 1) * sizeof *copy);
  for (uint64_t i = 0; copy && i < n; i++) copy[i] = text[i] ? text[i] : "";
  return copy;
}

static herr_t write_data(const layout *l, hid_t object, bool attribute, evl_type type, const void *data, uint64_t n) {
  const char **texts = type == EVL_TEXT ? whole_texts(data, n) : NULL;
  hid_t memory = type == EVL_TEXT ? l->text : evl_h5_memory_type(type);
  const void *content = type == EVL_TEXT ? (const void *)texts : data;
  herr_t done = -1;
  if (content)
    done = attribute ? H5Awrite(object, memory, content)
                     : H5Dwrite(object, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, content);
  free(texts);
  return done;
}

static evl_status write_attribute(const layout *l, hid_t object, const char *path, const evl_attribute *a) {
  hsize_t n = (hsize_t)a->n;
  hid_t space = n == 1 ? H5Scopy(l->space_of_scalar) : H5Screate_simple(1, &n, NULL);
  hid_t id = H5Acreate2(object, a->name, a->type == EVL_TEXT ? l->text : evl_h5_file_type(a->type), space, H5P_DEFAULT,
                        H5P_DEFAULT);
  herr_t done = id < 0 ? -1 : write_data(l, id, true, a->type, a->data, n);
  evl_status status = EVL_OK;
  if (done < 0) {
    status = evl_h5_fail(EVL_IO, l->path, path, "an attribute could not be written");
    status = evl_fail_in(status, "attribute %s", a->name);
  }
  if (id >= 0) H5Aclose(id);
  H5Sclose(space);
  return status;
}

static evl_status write_attributes(const layout *l, hid_t object, const char *path, const evl_attribute *a, int n) {
  for (int i = 0; i < n; i++) EVL_TRY(write_attribute(l, object, path, &a[i]));
  return EVL_OK;
}

/* Groups above `path`, in the order of the plan; no time stamps. */
static evl_status make_groups(const layout *l, const char *path) {
  char *prefix = strdup(path);
  evl_status status = prefix ? EVL_OK : evl_fail(EVL_MEMORY, "%s: no memory for names", l->path);
  for (char *slash = prefix ? strchr(prefix + 1, '/') : NULL; slash && status == EVL_OK;
       slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (H5Lexists(l->file, prefix, H5P_DEFAULT) == 0) {
      hid_t create = H5Pcreate(H5P_GROUP_CREATE);
      H5Pset_obj_track_times(create, false);
      H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
      hid_t group = H5Gcreate2(l->file, prefix, H5P_DEFAULT, create, H5P_DEFAULT);
      if (group < 0) status = evl_h5_fail(EVL_IO, l->path, prefix, "the group could not be made");
      else H5Gclose(group);
      H5Pclose(create);
    }
    *slash = '/';
  }
  free(prefix);
  return status;
}

static hid_t creation_of(const layout *l, const evl_dataset *d) {
  hsize_t chunk[4];
  hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(create, false);
  if (evl_dataset_chunk(l->plan, d, chunk)) {
    H5Pset_chunk(create, d->n_dims, chunk);
    H5Pset_shuffle(create);
    H5Pset_deflate(create, 1);
  }
  if (!d->data) { /* every row is written later: its place now, no fill */
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
  }
  return create;
}

static evl_status make_dataset(layout *l, int i) {
  const evl_dataset *d = &l->plan->dataset[i];
  EVL_TRY(make_groups(l, d->path));
  hsize_t dim[4] = {d->dim[0], d->dim[1], d->dim[2], d->dim[3]};
  hid_t space = d->n_dims ? H5Screate_simple(d->n_dims, dim, NULL) : H5Screate(H5S_SCALAR);
  hid_t create = creation_of(l, d);
  hid_t id = H5Dcreate2(l->file, d->path, d->type == EVL_TEXT ? l->text : evl_h5_file_type(d->type), space, H5P_DEFAULT,
                        create, H5P_DEFAULT);
  uint64_t n = evl_dataset_elements(d, 0);
  herr_t done = id < 0 ? -1 : d->data && n ? write_data(l, id, false, d->type, d->data, n) : 0;
  evl_status status = done < 0 ? evl_h5_fail(EVL_IO, l->path, d->path, "the dataset could not be written") : EVL_OK;
  if (status == EVL_OK) status = write_attributes(l, id, d->path, d->attribute, d->n_attributes);
  l->dataset[i] = id;
  H5Pclose(create);
  H5Sclose(space);
  return status;
}

static evl_status describe_group(const layout *l, const evl_group_attributes *g) {
  hid_t group = H5Gopen2(l->file, g->path, H5P_DEFAULT);
  if (group < 0) return evl_h5_fail(EVL_IO, l->path, g->path, "the group has no dataset, so it is not there");
  evl_status status = write_attributes(l, group, g->path, g->attribute, g->n_attributes);
  H5Gclose(group);
  return status;
}

static evl_status fill_file(layout *l) {
  const evl_store_plan *plan = l->plan;
  hid_t root = H5Gopen2(l->file, "/", H5P_DEFAULT);
  evl_status status = write_attributes(l, root, "/", plan->attribute, plan->n_attributes);
  H5Gclose(root);
  for (int i = 0; i < plan->n_datasets && status == EVL_OK; i++) status = make_dataset(l, i);
  for (int i = 0; i < plan->n_groups && status == EVL_OK; i++) status = describe_group(l, &plan->group[i]);
  return status == EVL_OK ? evl_store_attach_scales(plan, l->path, l->dataset) : status;
}

/* Format of 1.8: attributes beyond 64 kB (a scale that thousands of datasets use). */
static hid_t create_file(const char *path) {
  hid_t access = evl_h5_access(), create = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG); /* an id left open would leave a broken file */
  H5Pset_obj_track_times(create, false);
  H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
  H5Pclose(create);
  H5Pclose(access);
  return file;
}

static uint64_t content_bytes(evl_type type, const void *data, uint64_t n) {
  uint64_t bytes = n * evl_type_bytes(type);
  for (uint64_t i = 0; type == EVL_TEXT && i < n; i++) {
    const char *text = ((const char *const *)data)[i];
    bytes += (text ? strlen(text) : 0) + 64; /* heap object */
  }
  return bytes;
}

static uint64_t attribute_bytes(const evl_attribute *attribute, int n) {
  uint64_t bytes = 0;
  for (int i = 0; i < n; i++)
    bytes += 256 + content_bytes(attribute[i].type, attribute[i].data, (uint64_t)attribute[i].n);
  return bytes;
}

/* Headers, links and heaps generously: measured are 0.3 to 1 kB a dataset. Contiguous rows count whole,
   because what is laid out behind them lies at their far end. */
uint64_t evl_store_layout_bytes(const evl_store_plan *plan) {
  uint64_t bytes = 16384 + attribute_bytes(plan->attribute, plan->n_attributes);
  for (int i = 0; i < plan->n_groups; i++)
    bytes += attribute_bytes(plan->group[i].attribute, plan->group[i].n_attributes);
  for (int i = 0; i < plan->n_datasets; i++) {
    const evl_dataset *d = &plan->dataset[i];
    uint64_t n = evl_dataset_elements(d, 0);
    hsize_t chunk[4];
    bytes += 2048 + attribute_bytes(d->attribute, d->n_attributes);
    if (d->data) bytes += content_bytes(d->type, d->data, n);
    else bytes += n * evl_type_bytes(d->type) / (evl_dataset_chunk(plan, d, chunk) ? 64 : 1); /* packed zeros */
  }
  return bytes;
}

/* `name` is that of a file in memory; it is gone afterwards. */
static evl_status lay_out(const evl_store_plan *plan, const char *path, const char *name) {
  layout l = {.plan = plan,
              .path = path,
              .file = create_file(name),
              .text = evl_h5_text_type(),
              .space_of_scalar = H5Screate(H5S_SCALAR),
              .dataset = malloc(((size_t)plan->n_datasets + 1) * sizeof(hid_t))};
  evl_status status = EVL_OK;
  unlink(name);
  for (int i = 0; l.dataset && i < plan->n_datasets; i++) l.dataset[i] = H5I_INVALID_HID;
  if (!l.dataset) status = evl_fail(EVL_MEMORY, "%s: no memory for %d datasets", path, plan->n_datasets);
  else if (l.file < 0) status = evl_h5_fail(EVL_IO, path, NULL, "the file could not be made");
  if (status == EVL_OK) status = fill_file(&l);
  for (int i = 0; l.dataset && i < plan->n_datasets; i++)
    if (l.dataset[i] >= 0 && H5Dclose(l.dataset[i]) < 0 && status == EVL_OK)
      status = evl_h5_fail(EVL_IO, path, plan->dataset[i].path, "the dataset could not be written");
  free(l.dataset);
  H5Tclose(l.text);
  H5Sclose(l.space_of_scalar);
  if (l.file >= 0 && H5Fclose(l.file) < 0 && status == EVL_OK)
    status = evl_h5_fail(EVL_IO, path, NULL, "the file could not be written");
  return status;
}

static evl_status copy_failed(const char *path, int error) {
  const char *what = error == ENOSPC || error == EDQUOT ? "no space" : "the file could not be written";
  return evl_fail(EVL_IO, "%s: %s: %s", path, what, strerror(error));
}

/* What is not a hole. `block` of `size` bytes. */
static evl_status copy_data(int from, const char *path, int to, char *block, size_t size) {
  off_t hole = 0;
  for (off_t at; (at = lseek(from, hole, SEEK_DATA)) >= 0;) {
    hole = lseek(from, at, SEEK_HOLE);
    while (at < hole) {
      ssize_t n = pread(from, block, (size_t)(hole - at) < size ? (size_t)(hole - at) : size, at);
      if (n > 0) n = pwrite(to, block, (size_t)n, at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return copy_failed(path, n ? errno : ENOSPC);
      at += n;
    }
  }
  return EVL_OK;
}

static evl_status copy_out(int from, const char *path, int to) {
  enum { BLOCK = 1 << 20 };
  struct stat info;
  char *block = malloc(BLOCK);
  evl_status status = block ? copy_data(from, path, to, block, BLOCK) : evl_fail(EVL_MEMORY, "%s: out of memory", path);
  free(block);
  if (status == EVL_OK && (fstat(from, &info) != 0 || ftruncate(to, info.st_size) != 0)) status = copy_failed(path, errno);
  return status;
}

evl_status evl_store_layout(const evl_store_plan *plan, const char *path, int fd) {
  char name[] = "/dev/shm/eveil_XXXXXX", slower[] = "/tmp/eveil_XXXXXX";
  bool shared = access("/dev/shm", W_OK) == 0;
  int memory = mkostemp(shared ? name : slower, O_CLOEXEC);
  if (memory < 0)
    return evl_fail(EVL_IO, "%s: no file to lay it out: %s", shared ? name : slower, strerror(errno));
  evl_status status = lay_out(plan, path, shared ? name : slower);
  if (status == EVL_OK) status = copy_out(memory, path, fd);
  close(memory);
  return status;
}
