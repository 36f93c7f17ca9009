/* scratch: a folder of its own for a C test, removed at its end. */
#ifndef EVEIL_SCRATCH_H
#define EVEIL_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_folder[64];

/* Path of something inside the folder; valid for the next 8 calls. */
static inline const char *scratch_path(const char *name) {
  static char path[8][4096];
  static int next;
  next = (next + 1) % 8;
  snprintf(path[next], sizeof path[next], "%s%s%s", scratch_folder, *name ? "/" : "", name);
  return path[next];
}

static inline void scratch_begin(void) {
  strcpy(scratch_folder, "/tmp/eveil_test_XXXXXX");
  if (!mkdtemp(scratch_folder)) {
    printf("not ok scratch: %s cannot be made\n", scratch_folder);
    exit(1);
  }
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
  (void)info, (void)kind, (void)walk;
  return remove(path);
}

/* Removes what is in it. */
static inline void scratch_clear(void) {
  nftw(scratch_folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
  mkdir(scratch_folder, 0700);
}

static inline void scratch_end(void) {
  scratch_clear();
  rmdir(scratch_folder);
}

/* The folders on the way to `name`. */
static inline void scratch_folders(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s", scratch_path(name));
  for (char *slash = path + strlen(scratch_folder); (slash = strchr(slash + 1, '/'));) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
}

static inline const char *scratch_bytes(const char *name, const void *bytes, size_t n) {
  scratch_folders(name);
  const char *path = scratch_path(name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
    printf("not ok scratch: %s cannot be written\n", path);
    exit(1);
  }
  return path;
}

static inline const char *scratch_file(const char *name, const char *text) {
  return scratch_bytes(name, text, strlen(text));
}

static inline void scratch_link(const char *name, const char *target) {
  scratch_folders(name);
  if (symlink(target, scratch_path(name)) != 0) {
    printf("not ok scratch: the link %s cannot be made\n", name);
    exit(1);
  }
}

#endif
