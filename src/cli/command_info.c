/* command_info: a recording, a store or a run, told apart by content. */
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status describe(const char *path) {
  static const unsigned char hdf5[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char first[8] = {0};
  FILE *file = fopen(path, "rb");
  size_t n = file ? fread(first, 1, sizeof first, file) : 0;
  if (file) fclose(file);
  if (n == sizeof hdf5 && !memcmp(first, hdf5, sizeof hdf5)) return evl_store_print(path, stdout);
  size_t length = strlen(path);
  if (length < 4 || strcmp(path + length - 4, ".cfg")) return evl_recording_print(path, stdout);
  evl_study *study = NULL;
  evl_status status = evl_study_open(path, &study);
  if (status == EVL_OK) status = evl_study_print_state(study, stdout);
  evl_study_close(study);
  return status;
}

/* All files are described; the first error is the command's. */
static evl_status run(const evl_arguments *arguments) {
  evl_status first = EVL_OK;
  for (int i = 0; i < arguments->n; i++) {
    evl_status status = describe(arguments->operand[i]);
    if (status == EVL_OK) continue;
    if (first == EVL_OK) first = status;
    if (i + 1 < arguments->n) fprintf(stderr, "eveil: error: %s\n", evl_error_message());
  }
  return first;
}

const evl_command evl_command_info = {
    "info", "FILE...", "describe recordings, stores, or a run (by its configuration, .cfg)", NULL, false, 1, 100000, run};
