/* command_report: the page of a store, drawn by analysis/python/report.py beside the program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command_priv.h"

/* PREFIX/build/eveil -> PREFIX/analysis/python/report.py, or $EVEIL_ANALYSIS/python/report.py. */
static evl_status find_script(char *path, size_t size) {
  const char *folder = getenv("EVEIL_ANALYSIS");
  char program[4096];
  ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  program[n > 0 ? n : 0] = 0;
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(program, '/');
    if (slash) *slash = 0;
  }
  if (folder) snprintf(path, size, "%s/python/report.py", folder);
  else snprintf(path, size, "%s/analysis/python/report.py", program);
  if (access(path, R_OK) == 0) return EVL_OK;
  return evl_fail(EVL_IO, "%s: expected the report script there; set EVEIL_ANALYSIS to the project's analysis folder",
                  path);
}

/* FOLDER/name, the folder being that of the store. */
static evl_status beside(const char *store, const char *name, char *path, size_t size) {
  const char *slash = strrchr(store, '/');
  int n = snprintf(path, size, "%.*s%s", slash ? (int)(slash - store) + 1 : 0, store, name);
  return n < (int)size ? EVL_OK : evl_fail(EVL_IO, "%s: the path is too long", store);
}

/* Runs and waits; 127 where it cannot be started. */
static evl_status start(char *const *word, int *code) {
  int state;
  pid_t child = fork();
  if (child == 0) {
    execvp(word[0], word);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &state, 0) < 0)
    return evl_fail(EVL_IO, "cannot start %s: %s", word[0], strerror(errno));
  *code = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  if (*code != 127) return EVL_OK;
  return evl_fail(EVL_IO, "cannot start %s: expected a Python with h5py, pandas and matplotlib; set EVEIL_PYTHON",
                  word[0]);
}

static evl_status run(const evl_arguments *arguments) {
  char script[4096 + 64], page[4096], results[4096];
  const char *store = arguments->operand[0], *prognosis = evl_option(arguments, "prognosis");
  const char *output = evl_option(arguments, "output"), *python = getenv("EVEIL_PYTHON");
  int code = 0;
  EVL_TRY(find_script(script, sizeof script));
  EVL_TRY(beside(store, "report.html", page, sizeof page));
  EVL_TRY(beside(store, "prognosis.h5", results, sizeof results));
  if (!prognosis && access(results, F_OK) == 0) prognosis = results;
  const char *word[] = {python ? python : "/usr/bin/python3", script, "-o", output ? output : page, store,
                        prognosis ? "--prognosis" : NULL, prognosis, NULL};
  EVL_TRY(start((char *const *)word, &code));
  return code == 0 ? EVL_OK : evl_fail(EVL_IO, "the report of %s was not made", store);
}

static const evl_command_option options[] = {
    {"prognosis", "FILE", "the prognosis file (default: prognosis.h5 beside the store)"},
    {"output", "FILE", "the page (default: report.html beside the store)"}, {NULL, NULL, NULL}};

const evl_command evl_command_report = {
    "report", "STORE", "make a self-contained HTML page with figures", options, false, 1, 1, run};
