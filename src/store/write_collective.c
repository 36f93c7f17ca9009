/* Rows into the laid out file, by all ranks at once; the only file of this room that names MPI.

   Every rank makes the same number of collective calls, with an empty selection where it has no rows,
   and all agree before each call: a rank that cannot fill its rows stops all of them. Contiguous
   datasets: one stripe of rows a rank (interleaved blocks are three times slower). Chunked
   ones: each call covers the next run of whole chunks, shared among the ranks, because compressed chunks
   get their place in the order of writing: so the file has the same bytes for any number of ranks. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "store_file_priv.h"
#include "store_write_priv.h"

#define MOST_BYTES_A_CALL ((uint64_t)256 << 20) /* MPI counts are ints */

typedef struct rows {                /* of one dataset */
  uint64_t n, row_bytes, chunk_rows; /* chunk_rows 0: contiguous */
  uint64_t per_call;                 /* of one rank */
  uint64_t calls;
} rows;

typedef struct writer {
  const evl_store_plan *plan;
  const char *path;
  int fd; /* rank 0 */
  hid_t file, transfer, dataset_access;
  evl_fill fill;
  void *context;
} writer;

static uint64_t divided_up(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }
static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static rows share_out(const evl_store_plan *plan, const evl_dataset *d) {
  hsize_t chunk[4];
  uint64_t size = (uint64_t)evl_size(), memory = least(plan->memory_bytes, MOST_BYTES_A_CALL);
  rows r = {.n = d->dim[0], .row_bytes = evl_type_bytes(d->type) * evl_dataset_elements(d, 1)};
  if (evl_dataset_chunk(plan, d, chunk)) {
    r.chunk_rows = chunk[0];
    memory /= 3; /* HDF5 holds the chunks and their compressed copies besides */
  }
  r.per_call = memory / r.row_bytes;
  if (r.per_call == 0) r.per_call = 1;
  if (r.chunk_rows) r.per_call = r.per_call < r.chunk_rows ? r.chunk_rows : r.per_call / r.chunk_rows * r.chunk_rows;
  uint64_t stripe = divided_up(r.n, size);
  if (!r.chunk_rows) r.per_call = least(r.per_call, stripe);
  r.calls = r.chunk_rows ? divided_up(r.n, r.per_call * size) : divided_up(stripe, r.per_call);
  return r;
}

/* Rows [*row, *row + *n) of this rank in call `k`; *n may be 0. *all: rows of all ranks up to here. */
static void rows_of_call(const rows *r, uint64_t k, uint64_t *row, uint64_t *n, uint64_t *all) {
  uint64_t size = (uint64_t)evl_size(), rank = (uint64_t)evl_rank(), end;
  if (r->chunk_rows) {
    uint64_t base = k * r->per_call * size, total = least(r->n - base, r->per_call * size);
    uint64_t stripe = divided_up(divided_up(total, r->chunk_rows), size) * r->chunk_rows;
    *row = base + rank * stripe;
    end = least(base + total, *row + stripe);
    *all = total;
  } else {
    uint64_t stripe = divided_up(r->n, size), last = least(r->n, (rank + 1) * stripe);
    *row = rank * stripe + k * r->per_call;
    end = least(last, *row + r->per_call);
    *all = 0;
  }
  *n = end > *row ? end - *row : 0;
}

/* Compressed chunks grow the file: their worst size must fit before all ranks depend on it. */
static evl_status reserve_chunks(const writer *w, const rows *r, uint64_t n_rows) {
  struct stat info;
  if (evl_rank() != 0 || !r->chunk_rows || fstat(w->fd, &info) != 0) return EVL_OK;
  uint64_t bytes = divided_up(n_rows, r->chunk_rows) * r->chunk_rows * r->row_bytes;
  return evl_store_reserve(w->path, w->fd, (uint64_t)info.st_size, bytes + bytes / 64 + (64u << 10));
}

static herr_t write_call(const writer *w, const evl_dataset *d, hid_t dataset, uint64_t row, uint64_t n,
                         const void *buffer) {
  hsize_t start[4] = {row}, count[4] = {n, d->dim[1], d->dim[2], d->dim[3]};
  if (n == 0) count[0] = 1; /* an empty selection of a valid shape */
  hid_t file = H5Dget_space(dataset), memory = H5Screate_simple(d->n_dims, count, NULL);
  herr_t done;
  if (n == 0) {
    H5Sselect_none(memory);
    done = H5Sselect_none(file);
  } else {
    done = H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL);
  }
  if (done >= 0) done = H5Dwrite(dataset, evl_h5_memory_type(d->type), memory, file, w->transfer, buffer);
  H5Sclose(memory);
  H5Sclose(file);
  return done;
}

/* The file while ranks write it. A collective call that fails on one rank leaves the others inside the library, waiting
   for that rank, and HDF5 may crash when it closes such a file: so it ends the run. (OMPIO 4.1 may hide a failed write:
   there only a time limit helps.) */
static const char *shared;

static void end_run(const char *why) {
  const char *path = shared;
  if (!path) return;
  shared = NULL;
  unlink(path);
  evl_log(EVL_LOG_ERROR, "%s: writing failed on rank %d: %s; nothing finished is lost, check the disk and run again",
          path, evl_rank(), why);
  evl_parallel_abort(evl_exit_code(EVL_IO));
}

#ifdef H5_HAVE_PARALLEL
static void on_file_error(MPI_File *file, int *error, ...) {
  (void)file;
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(*error, text, &length);
  end_run(text);
}
#endif

/* An error of a collective call; without MPI it is returned. */
static evl_status failed(const char *path, const char *dataset, const char *what) {
  evl_status status = evl_h5_fail(EVL_IO, path, dataset, what);
  end_run(evl_error_message());
  return status;
}

static evl_status write_dataset(const writer *w, int i, hid_t dataset) {
  const evl_dataset *d = &w->plan->dataset[i];
  rows r = share_out(w->plan, d);
  void *buffer = malloc((size_t)(r.per_call * r.row_bytes));
  evl_status status = buffer ? EVL_OK
                             : evl_fail(EVL_MEMORY, "%s: %s: no memory for %llu rows of %llu bytes", w->path, d->path,
                                        (unsigned long long)r.per_call, (unsigned long long)r.row_bytes);
  for (uint64_t k = 0; k < r.calls; k++) {
    uint64_t row, n, all;
    rows_of_call(&r, k, &row, &n, &all);
    if (status == EVL_OK && n) status = w->fill(w->context, i, row, n, buffer);
    if (status == EVL_OK) status = reserve_chunks(w, &r, all);
    status = evl_agree(status);
    if (status != EVL_OK) break;
    if (write_call(w, d, dataset, row, n, buffer) < 0)
      status = failed(w->path, d->path, "rows could not be written");
  }
  free(buffer);
  return evl_agree(status);
}

static evl_status write_all(const writer *w, const uint8_t *by_rows) {
  evl_status status = EVL_OK;
  for (int i = 0; i < w->plan->n_datasets && status == EVL_OK; i++) {
    if (!by_rows[i]) continue;
    hid_t dataset = H5Dopen2(w->file, w->plan->dataset[i].path, w->dataset_access);
    if (dataset < 0) status = evl_h5_fail(EVL_IO, w->path, w->plan->dataset[i].path, "the dataset could not be opened");
    status = evl_agree(status);
    if (status == EVL_OK) status = write_dataset(w, i, dataset);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && status == EVL_OK)
      status = evl_h5_fail(EVL_IO, w->path, w->plan->dataset[i].path, "rows could not be written");
    status = evl_agree(status);
  }
  return status;
}

static herr_t use_ranks(hid_t access, hid_t transfer) {
#ifdef H5_HAVE_PARALLEL
  if (!evl_parallel_on()) return 0;
  MPI_Errhandler handler; /* for the files opened from here on */
  if (MPI_File_create_errhandler(on_file_error, &handler) == MPI_SUCCESS) {
    MPI_File_set_errhandler(MPI_FILE_NULL, handler);
    MPI_Errhandler_free(&handler);
  }
  if (H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL) < 0) return -1;
  if (H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE) < 0) return -1;
  return H5Pset_dxpl_mpio_chunk_opt(transfer, H5FD_MPIO_CHUNK_ONE_IO);
#else
  (void)access;
  (void)transfer;
  return evl_size() == 1 ? 0 : -1;
#endif
}

evl_status evl_store_write_rows(const evl_store_plan *plan, const char *path, const uint8_t *by_rows, int fd,
                                evl_fill fill, void *context) {
  hid_t access = evl_h5_access();
  writer w = {.plan = plan,
              .path = path,
              .fd = fd,
              .fill = fill,
              .context = context,
              .file = H5I_INVALID_HID,
              .transfer = H5Pcreate(H5P_DATASET_XFER),
              .dataset_access = H5Pcreate(H5P_DATASET_ACCESS)};
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_chunk_cache(w.dataset_access, 1, 0, 1.0); /* calls hold whole chunks: nothing to gather */
  evl_status status = EVL_OK;
  if (use_ranks(access, w.transfer) < 0)
    status = evl_h5_fail(EVL_PARALLEL, path, NULL, "an HDF5 library with MPI is needed");
  status = evl_agree(status);
  if (status == EVL_OK) {
    w.file = H5Fopen(path, H5F_ACC_RDWR, access);
    if (w.file < 0) status = evl_h5_fail(EVL_IO, path, NULL, "the file could not be opened by all ranks");
    status = evl_agree(status);
  }
  shared = evl_parallel_on() ? path : NULL;
  if (status == EVL_OK) status = write_all(&w, by_rows);
  /* The flush syncs what each rank wrote, also from other nodes. */
  if (status == EVL_OK && H5Fflush(w.file, H5F_SCOPE_GLOBAL) < 0) status = failed(path, NULL, "the flush failed");
  status = evl_agree(status);
  shared = NULL;
  if (status != EVL_OK) evl_file_let_go(path);
  if (w.file >= 0 && H5Fclose(w.file) < 0 && status == EVL_OK)
    status = evl_h5_fail(EVL_IO, path, NULL, "the file could not be closed");
  H5Pclose(w.dataset_access);
  H5Pclose(w.transfer);
  H5Pclose(access);
  return evl_agree(status);
}
