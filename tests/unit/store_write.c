/* One store, serial: written, read back by every function, refused where the plan or the file is wrong. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "store_sample.h"

static evl_arena *arena;
static char folder[64], path[128], temporary[140];

static evl_status write_sample(uint64_t windows, bool compress, size_t memory_bytes) {
  static sample s;
  sample_build(&s, path, windows, compress, memory_bytes, 0);
  return evl_store_write(&s.plan, sample_fill, &s);
}

static void rows_come_back(void) {
  static const uint64_t windows[] = {0, 1, 2, 1000, 20011};
  for (int compress = 0; compress <= 1; compress++)
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
      CHECK(write_sample(windows[i], compress, i % 2 ? 1 << 16 : 1 << 22) == EVL_OK);
      CHECK(sample_wrong(path, windows[i]) == 0);
      CHECK(access(temporary, F_OK) != 0);
    }
  /* Memory for less than a row still goes row by row. */
  CHECK(write_sample(50, false, 1) == EVL_OK);
  CHECK(sample_wrong(path, 50) == 0);
}

static void everything_else_comes_back(void) {
  evl_store *store;
  evl_type type;
  int n_dims, n;
  uint64_t dim[4], count;
  const char **name, *text;
  CHECK(write_sample(30, true, 1 << 20) == EVL_OK);
  CHECK(evl_store_open(path, &store) == EVL_OK);
  CHECK(evl_store_has(store, "/") && evl_store_has(store, "/analyses/spectral/values") &&
        evl_store_has(store, "/analyses"));
  CHECK(!evl_store_has(store, "/analyses/none/values") && !evl_store_has(store, "values"));
  CHECK(evl_store_list(store, "/", arena, &n, &name) == EVL_OK && n == 4);
  CHECK_TEXT(name[0], "analyses/");
  CHECK_TEXT(name[2], "config");
  CHECK(evl_store_list(store, "/analyses/spectral/models/var", arena, &n, &name) == EVL_OK && n == 4);
  CHECK_TEXT(name[1], "coefficient");
  CHECK(evl_store_list(store, "/config", arena, &n, &name) == EVL_FORMAT);
  CHECK(evl_store_shape(store, "/analyses/spectral/models/var/coefficient", &type, &n_dims, dim) == EVL_OK);
  CHECK(type == EVL_F32 && n_dims == 3 && dim[0] == 30 && dim[1] == SAMPLE_CHANNELS && dim[2] == 2 && dim[3] == 0);
  CHECK(evl_store_shape(store, "/analyses/empty/values", &type, &n_dims, dim) == EVL_OK && dim[0] == 0);
  CHECK(evl_store_texts(store, "/recordings/id", arena, &count, &name) == EVL_OK && count == 3);
  CHECK_TEXT(name[0], "sub-01/éveil 1");
  CHECK_TEXT(name[1], "");
  CHECK_TEXT(name[2], "sub-03");
  CHECK(evl_store_texts(store, "/config", arena, &count, &name) == EVL_OK && count == 1);
  CHECK_TEXT(name[0], "run: { seed = 1; };\n");
  double summary[SAMPLE_COLUMNS * SAMPLE_STATISTICS];
  CHECK(evl_store_read(store, "/analyses/spectral/summary", EVL_F64, 2, 1, summary) == EVL_OK);
  CHECK(summary[3 * SAMPLE_STATISTICS + 1] == 2 + 0.1 * 3 + 0.01);
  int64_t window[5];
  CHECK(evl_store_read(store, "/analyses/spectral/window", EVL_I64, 25, 5, window) == EVL_OK && window[4] == 29);
  CHECK(evl_store_read(store, "/analyses/spectral/window", EVL_I64, 26, 5, window) == EVL_FORMAT);
  double wide[2];
  CHECK(evl_store_read(store, "/analyses/spectral/why", EVL_F64, 0, 0, wide) == EVL_OK);
  CHECK(evl_store_attribute(store, "/", "eveil_version", arena, &text) == EVL_OK);
  CHECK_TEXT(text, "0.1.0");
  CHECK(evl_store_attribute(store, "/", "hours", arena, &text) == EVL_OK);
  CHECK_TEXT(text, "72 120");
  CHECK(evl_store_attribute(store, "/", "seed", arena, &text) == EVL_OK);
  CHECK_TEXT(text, "9007199254740993");
  CHECK(evl_store_attribute(store, "/analyses/spectral/why", "flag_values", arena, &text) == EVL_OK);
  CHECK_TEXT(text, "0 1");
  CHECK(evl_store_attribute(store, "/analyses/spectral/column_name", "columns", arena, &text) == EVL_OK);
  CHECK_TEXT(text, "a.mean\na.mean[Fz]\na.mean[Fz,Cz]");
  CHECK(evl_store_attribute(store, "/", "none", arena, &text) == EVL_OK && text == NULL);
  evl_store_close(store);
}

/* No number changes without a word. */
static void conversions(void) {
  evl_store *store;
  double number = 0;
  uint8_t byte;
  int32_t integer;
  CHECK(write_sample(30, false, 1 << 20) == EVL_OK);
  CHECK(evl_store_open(path, &store) == EVL_OK);
  CHECK(evl_store_read(store, "/analyses/spectral/window", EVL_F64, 7, 1, &number) == EVL_OK && number == 7);
  CHECK(evl_store_read(store, "/analyses/spectral/why", EVL_I32, 0, 0, &integer) == EVL_OK);
  CHECK(evl_store_read(store, "/analyses/spectral/window", EVL_I32, 7, 1, &integer) == EVL_FORMAT);
  CHECK(evl_store_read(store, "/analyses/spectral/window_start_s", EVL_U8, 7, 1, &byte) == EVL_FORMAT);
  CHECK(evl_store_read(store, "/recordings/id", EVL_F64, 0, 1, &number) == EVL_FORMAT);
  CHECK(strstr(evl_error_message(), path) && strstr(evl_error_message(), "/recordings/id"));
  evl_store_close(store);
}

static void digest_of(const char *dataset, char hex[65]) {
  evl_store *store;
  uint8_t digest[32];
  hex[0] = 0;
  CHECK(evl_store_open(path, &store) == EVL_OK);
  CHECK(evl_store_hash(store, dataset, digest) == EVL_OK);
  evl_hex(digest, 32, hex);
  evl_store_close(store);
}

/* The hash is that of type, dimensions and content, computed here by hand; chunks do not enter. */
static void hashes(void) {
  char hex[65], again[65], expected[65];
  evl_sha256 hash;
  uint8_t digest[32], head[2] = {EVL_F64, 2};
  uint64_t dim[2] = {20011, SAMPLE_COLUMNS};
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, head, 2);
  evl_sha256_add(&hash, dim, 16);
  for (uint64_t w = 0; w < dim[0]; w++)
    for (uint64_t c = 0; c < dim[1]; c++) {
      double value = sample_value(w, c);
      evl_sha256_add(&hash, &value, 8);
    }
  evl_sha256_end(&hash, digest);
  evl_hex(digest, 32, expected);
  CHECK(write_sample(20011, true, 1 << 20) == EVL_OK);
  digest_of("/analyses/spectral/values", hex);
  CHECK_TEXT(hex, expected);
  CHECK(write_sample(20011, false, 1 << 20) == EVL_OK);
  digest_of("/analyses/spectral/values", again);
  CHECK_TEXT(again, expected);
  static const char ids[] = "sub-01/éveil 1\0\0sub-03";
  head[0] = EVL_TEXT;
  head[1] = 1;
  dim[0] = 3;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, head, 2);
  evl_sha256_add(&hash, dim, 8);
  evl_sha256_add(&hash, ids, sizeof ids);
  evl_sha256_end(&hash, digest);
  evl_hex(digest, 32, expected);
  digest_of("/recordings/id", hex);
  CHECK_TEXT(hex, expected);
  digest_of("/analyses/empty/values", hex);
  digest_of("/config", again);
  CHECK(strcmp(hex, again) != 0);
}

static void same_bytes_twice(void) {
  char command[400];
  CHECK(write_sample(3000, true, 1 << 16) == EVL_OK);
  snprintf(command, sizeof command, "cp '%s' '%s/first.h5'", path, folder);
  CHECK(system(command) == 0);
  sleep(1); /* a time stamp would differ */
  CHECK(write_sample(3000, true, 1 << 21) == EVL_OK);
  snprintf(command, sizeof command, "cmp '%s' '%s/first.h5'", path, folder);
  CHECK(system(command) == 0);
}

static void refuse(const evl_store_plan *plan, const char *word) {
  CHECK(evl_store_write(plan, sample_fill, NULL) == EVL_USAGE);
  if (!strstr(evl_error_message(), word)) printf("# message: %s\n", evl_error_message());
  CHECK(strstr(evl_error_message(), word) != NULL);
  CHECK(access(temporary, F_OK) != 0);
}

static void impossible_plans(void) {
  static sample s;
#define CHANGED(change, word)                   \
  sample_build(&s, path, 10, true, 1 << 20, 0); \
  change;                                       \
  refuse(&s.plan, word)
  CHANGED(s.dataset[s.values].path = "values", "/group/name");
  CHANGED(s.dataset[s.values].path = "/config", "twice");
  CHANGED(s.dataset[s.values].scale[1] = "/none", "not a scale");
  CHANGED(s.dataset[s.values].scale[1] = "/config", "not a scale");
  CHANGED(s.dataset[s.values].dim[1] = 8, "has 8 elements");
  CHANGED((s.dataset[s.values].dim[1] = 10, s.dataset[s.values].scale[1] = s.dataset[s.values].scale[0]),
          "two dimensions");
  CHANGED(s.dataset[1].data = NULL, "need their data");
  CHANGED(s.dataset[s.values].n_dims = 5, "0 to 4 dimensions");
#undef CHANGED
}

/* The previous store survives whatever fails, and nothing is left beside it. */
static void failures_leave_the_previous(void) {
  static sample s;
  CHECK(write_sample(30, true, 1 << 20) == EVL_OK);
  sample_build(&s, path, 5000, true, 1 << 16, 0);
  s.fails_on = 0;
  s.fails_at = 3000;
  CHECK(evl_store_write(&s.plan, sample_fill, &s) == EVL_FORMAT);
  CHECK(strstr(evl_error_message(), "recording x.edf") != NULL);
  CHECK(access(temporary, F_OK) != 0 && sample_wrong(path, 30) == 0);
  char missing[160];
  snprintf(missing, sizeof missing, "%s/none/store.h5", folder);
  sample_build(&s, missing, 30, true, 1 << 16, 0);
  CHECK(evl_store_write(&s.plan, sample_fill, &s) == EVL_IO && strstr(evl_error_message(), missing));
  sample_build(&s, folder, 30, true, 1 << 16, 0); /* a folder stands there */
  CHECK(evl_store_write(&s.plan, sample_fill, &s) == EVL_IO && strstr(evl_error_message(), folder));
}

/* A tmpfs from too small to large enough: the new store, or a message and the previous one. */
static void disk_full(void) {
  static sample s;
  char small[80], in_small[128], options[32], beside[140];
  int full = 0, whole = 0;
  snprintf(small, sizeof small, "%s/small", folder);
  snprintf(in_small, sizeof in_small, "%s/store.h5", small);
  snprintf(beside, sizeof beside, "%s.tmp", in_small);
  CHECK(mkdir(small, 0777) == 0);
  for (int kb = 8; kb <= 2048; kb += kb < 128 ? 8 : 120) {
    snprintf(options, sizeof options, "size=%dk", kb);
    if (mount("tmpfs", small, "tmpfs", 0, options) != 0) SKIP("no right to mount a small tmpfs");
    sample_build(&s, in_small, 5000, kb % 16 != 0, 1 << 16, 0);
    evl_status status = evl_store_write(&s.plan, sample_fill, &s);
    CHECK(status == EVL_OK || (status == EVL_IO && strstr(evl_error_message(), in_small)));
    CHECK(access(beside, F_OK) != 0);
    CHECK((access(in_small, F_OK) == 0) == (status == EVL_OK));
    if (status == EVL_OK) CHECK(sample_wrong(in_small, 5000) == 0);
    *(status == EVL_OK ? &whole : &full) += 1;
    CHECK(umount2(small, MNT_DETACH) == 0);
  }
  CHECK(full > 3 && whole > 3);
}

/* A whole store cut at 60 places, and other files: an error that names the file, never a crash. */
static void broken_files(void) {
  evl_store *store;
  CHECK(evl_store_open("/nowhere/store.h5", &store) == EVL_IO);
  CHECK(evl_store_open(folder, &store) == EVL_FORMAT);
  int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC, 0666);
  CHECK(write(fd, "not HDF5 at all, but some text that is long enough", 50) == 50);
  CHECK(evl_store_open(temporary, &store) == EVL_FORMAT && strstr(evl_error_message(), temporary));
  close(fd);
  CHECK(write_sample(300, true, 1 << 20) == EVL_OK);
  struct stat info;
  CHECK(stat(path, &info) == 0);
  for (int i = 59; i >= 0; i--) {
    CHECK(truncate(path, info.st_size * i / 60) == 0);
    CHECK(evl_store_open(path, &store) == EVL_FORMAT && strstr(evl_error_message(), path));
  }
  unlink(path);
  unlink(temporary);
}

/* 10,000 columns on one scale, as of a wide manifest. */
static void many_columns(void) {
  enum { N = 10000 };
  static evl_dataset dataset[N + 1];
  static char name[N][32];
  static const int32_t recording[3] = {0, 1, 2};
  static const double content[3] = {1, 2, NAN};
  dataset[0] = (evl_dataset){
      .path = "/recordings/recording", .type = EVL_I32, .n_dims = 1, .dim = {3}, .is_scale = true, .data = recording};
  for (int i = 0; i < N; i++) {
    snprintf(name[i], sizeof name[i], "/recordings/columns/c%05d", i);
    dataset[i + 1] = (evl_dataset){
        .path = name[i], .type = EVL_F64, .n_dims = 1, .dim = {3}, .scale = {"/recordings/recording"}, .data = content};
  }
  evl_store_plan plan = {
      .path = path, .n_datasets = N + 1, .dataset = dataset, .compress = true, .memory_bytes = 1 << 20};
  CHECK(evl_store_write(&plan, NULL, NULL) == EVL_OK);
  struct stat info;
  CHECK(stat(path, &info) == 0 && info.st_size < 10 << 20);
  evl_store *store;
  double value[3];
  const char **list;
  int n;
  CHECK(evl_store_open(path, &store) == EVL_OK);
  CHECK(evl_store_list(store, "/recordings/columns", arena, &n, &list) == EVL_OK && n == N);
  CHECK_TEXT(list[N - 1], "c09999");
  CHECK(evl_store_read(store, name[5000], EVL_F64, 0, 3, value) == EVL_OK && value[1] == 2 && isnan(value[2]));
  evl_store_close(store);
  unlink(path);
}

int main(void) {
  arena = evl_arena_create();
  strcpy(folder, "/tmp/evl_store_XXXXXX");
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/störe 1.h5", folder);
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  RUN(rows_come_back);
  RUN(everything_else_comes_back);
  RUN(conversions);
  RUN(hashes);
  RUN(same_bytes_twice);
  RUN(impossible_plans);
  RUN(failures_leave_the_previous);
  RUN(disk_full);
  RUN(broken_files);
  RUN(many_columns);
  char command[100];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  evl_arena_free(arena);
  if (system(command) != 0) return 1;
  CHECK_DONE();
}
