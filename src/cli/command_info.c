/* command_info: a recording, a store or a run, told apart by content. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status describe(const char *path, const evl_format_options *options, const evl_keep *keep) {
  static const unsigned char hdf5[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char first[8] = {0};
  struct stat info;
  /* A pipe would keep us waiting for its writer. */
  FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
  size_t n = file ? fread(first, 1, sizeof first, file) : 0;
  if (file) fclose(file);
  if (n == sizeof hdf5 && !memcmp(first, hdf5, sizeof hdf5)) return evl_store_print(path, stdout);
  size_t length = strlen(path);
  if (length < 4 || strcmp(path + length - 4, ".cfg")) return evl_recording_print(path, options, keep, stdout);
  evl_study *study = NULL;
  evl_status status = evl_study_open(path, &study);
  if (status == EVL_OK) status = evl_study_print_state(study, stdout);
  evl_study_close(study);
  return status;
}

/* --recording, --analysis and --column name one cell of a store. */
static evl_status describe_cell(const evl_arguments *arguments) {
  const char *recording = evl_option(arguments, "recording"), *analysis = evl_option(arguments, "analysis");
  const char *column = evl_option(arguments, "column"), *window = evl_option(arguments, "window");
  double i = -1;
  if (arguments->n != 1 || !recording || !analysis || !column)
    return evl_fail(EVL_USAGE, "info: --recording, --analysis and --column go together, with one store");
  if (window && (!evl_cell_number(window, &i) || !(i >= 0 && i < 2147483648.0) || i != floor(i)))
    return evl_fail(EVL_USAGE, "info: --window=%s: expected an integer from 0", window);
  return evl_store_print_cell(arguments->operand[0], analysis, column, recording, (int64_t)i, stdout);
}

/* All files are described; the first error is the command's. */
static evl_status describe_all(const evl_arguments *arguments, const evl_format_options *options,
                               const evl_keep *keep) {
  evl_status first = EVL_OK;
  char *message = NULL; /* of the latest error, not told yet */
  for (int i = 0; i < arguments->n; i++) {
    evl_status status = describe(arguments->operand[i], options, keep);
    if (status == EVL_OK) continue;
    if (first == EVL_OK) first = status;
    if (message) evl_log(EVL_LOG_ERROR, "%s", message);
    free(message);
    message = strdup(evl_error_message());
  }
  if (message) (void)evl_fail(first, "%s", message);
  free(message);
  return first;
}

static evl_status run(const evl_arguments *arguments) {
  if (evl_option(arguments, "recording") || evl_option(arguments, "analysis") || evl_option(arguments, "column") ||
      evl_option(arguments, "window"))
    return describe_cell(arguments);
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_format_options options;
  evl_keep keep;
  const char *config = evl_option(arguments, "config");
  evl_status status = evl_formats_read(config, evl_option(arguments, "formats"), arena, &options);
  if (status == EVL_OK) status = evl_keep_read(config, arena, &keep);
  if (status == EVL_OK) status = describe_all(arguments, &options, &keep);
  evl_arena_free(arena);
  return status;
}

static const evl_command_option options[] = {{"recording", "ID", "with --analysis and --column: one cell of a store"},
                                             {"analysis", "NAME", "the analysis"},
                                             {"column", "NAME", "the column; its summary over windows is printed"},
                                             {"window", "I", "its value in window I of the recording instead"},
                                             {"config", "CFG", "recordings by its groups formats and annotations (names of those that are kept)"},
                                             {"formats", "TEXT", "or by this one: \"text: { fs_hz = 250; };\""},
                                             {0}};

const evl_command evl_command_info = {
    "info", "FILE...", "describe recordings, stores, or a run (by its configuration, .cfg)", options, false, 1, 100000,
    run};
