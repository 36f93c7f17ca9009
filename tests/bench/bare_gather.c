/* What the gather is measured by: the journals read once, then arrays of the same shapes, types, chunks and filters as
   those of a store written by all ranks through HDF5, and nothing else. Doubles are as random as those of a replay, all
   other numbers zero, so that they shrink as much.
   usage: bare_gather STORE FOLDER OUT; rank 0 prints the seconds of both as JSON. */
#include <dirent.h>
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 256, BLOCK = 64 << 20, LEAST = 64 << 10 };

typedef struct array {
  char path[512];
  hid_t type;
  int n_dims, chunked;
  hsize_t dim[4], chunk[4];
} array;

static array list[MOST];
static int n_arrays, rank, size;

static herr_t collect(hid_t file, const char *name, const H5O_info_t *info, void *unused) {
  (void)unused;
  if (info->type != H5O_TYPE_DATASET || n_arrays == MOST) return 0;
  hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  hid_t create = H5Dget_create_plist(dataset);
  array *a = &list[n_arrays];
  snprintf(a->path, sizeof a->path, "/%s", name);
  a->n_dims = H5Sget_simple_extent_ndims(space);
  H5T_class_t kind = H5Tget_class(type);
  if ((kind == H5T_FLOAT || kind == H5T_INTEGER) && a->n_dims >= 1 && a->n_dims <= 4) {
    H5Sget_simple_extent_dims(space, a->dim, NULL);
    a->type = kind == H5T_FLOAT && H5Tget_size(type) == 8 ? H5T_NATIVE_DOUBLE : H5Tcopy(type);
    a->chunked = H5Pget_layout(create) == H5D_CHUNKED;
    if (a->chunked) H5Pget_chunk(create, 4, a->chunk);
    if ((size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type) >= LEAST) n_arrays++;
  }
  H5Pclose(create);
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(dataset);
  return 0;
}

/* Every rank its share of every file. */
static void read_folder(const char *folder, char *block) {
  char path[4096];
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    int fd = entry->d_name[0] == '.' ? -1 : open(path, O_RDONLY);
    if (fd < 0) continue;
    off_t bytes = lseek(fd, 0, SEEK_END), share = bytes / size + 1, at = rank * share, stop = at + share;
    for (ssize_t n; at < stop && (n = pread(fd, block, stop - at < BLOCK ? (size_t)(stop - at) : BLOCK, at)) > 0;) at += n;
    close(fd);
  }
  if (entries) closedir(entries);
}

static void randomize(char *block) {
  uint64_t state = 88172645463325252u + (uint64_t)rank;
  for (size_t i = 0; i < BLOCK / 8; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    uint64_t bits = (state >> 12) + ((state & 3) + 1021) * ((uint64_t)1 << 52);
    memcpy(block + 8 * i, &bits, 8);
  }
}

static hid_t make(hid_t file, const array *a) {
  hid_t create = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
  if (a->chunked) {
    H5Pset_chunk(create, a->n_dims, a->chunk);
    H5Pset_shuffle(create);
    H5Pset_deflate(create, 1);
  }
  hid_t space = H5Screate_simple(a->n_dims, a->dim, NULL);
  hid_t dataset = H5Dcreate2(file, a->path, a->type, space, links, create, H5P_DEFAULT);
  H5Sclose(space);
  H5Pclose(links);
  H5Pclose(create);
  return dataset;
}

/* Contiguous: one stripe of rows a rank. Chunked: all ranks side by side, whole chunks each. */
static void write_array(hid_t file, const array *a, hid_t transfer, const char *random, const char *zero) {
  hid_t dataset = make(file, a), space = H5Dget_space(dataset);
  hsize_t row = H5Tget_size(a->type), unit = a->chunked ? a->chunk[0] : 1;
  for (int k = 1; k < a->n_dims; k++) row *= a->dim[k];
  hsize_t stripe = (a->dim[0] + (hsize_t)size - 1) / (hsize_t)size, most = BLOCK / row / unit * unit;
  if (most == 0) most = unit;
  hsize_t step = a->chunked ? most * (hsize_t)size : most, end = a->chunked ? a->dim[0] : stripe;
  for (hsize_t at = 0; at < end; at += step) {
    hsize_t first = a->chunked ? at + (hsize_t)rank * most : (hsize_t)rank * stripe + at;
    hsize_t stop = first + most, limit = a->chunked ? a->dim[0] : ((hsize_t)rank + 1) * stripe;
    if (limit > a->dim[0]) limit = a->dim[0];
    if (stop > limit) stop = limit;
    hsize_t n = stop > first ? stop - first : 0, start[4] = {first}, count[4] = {n ? n : 1, a->dim[1], a->dim[2], a->dim[3]};
    hid_t memory = H5Screate_simple(a->n_dims, count, NULL);
    if (n) H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    else H5Sselect_none(space), H5Sselect_none(memory);
    if (H5Dwrite(dataset, a->type, memory, space, transfer, a->type == H5T_NATIVE_DOUBLE ? random : zero) < 0)
      MPI_Abort(MPI_COMM_WORLD, 1);
    H5Sclose(memory);
  }
  H5Sclose(space);
  H5Dclose(dataset);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  char *random = malloc(BLOCK), *zero = calloc(BLOCK, 1);
  hid_t store = argc == 4 ? H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT) : -1;
  if (store < 0 || !random || !zero) MPI_Abort(MPI_COMM_WORLD, 1);
  H5Ovisit(store, H5_INDEX_NAME, H5_ITER_NATIVE, collect, NULL);
  H5Fclose(store);
  MPI_Barrier(MPI_COMM_WORLD);
  double began = MPI_Wtime();
  read_folder(argv[2], random);
  MPI_Barrier(MPI_COMM_WORLD);
  double read = MPI_Wtime();
  randomize(random);
  MPI_Barrier(MPI_COMM_WORLD);
  double made = MPI_Wtime();
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  hid_t file = H5Fcreate(argv[3], H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (file < 0) MPI_Abort(MPI_COMM_WORLD, 1);
  for (int i = 0; i < n_arrays; i++) write_array(file, &list[i], transfer, random, zero);
  H5Fflush(file, H5F_SCOPE_GLOBAL); /* through MPI it syncs */
  H5Pclose(transfer);
  H5Pclose(access);
  H5Fclose(file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("{\"read_s\": %.3f, \"write_s\": %.3f}\n", read - began, MPI_Wtime() - made);
  free(random);
  free(zero);
  MPI_Finalize();
  return 0;
}
