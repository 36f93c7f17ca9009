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
  if (access(path, R_OK)) return evl_fail(EVL_IO, "%s: expected the report script there; set EVEIL_ANALYSIS to the project's analysis folder", path);
  return EVL_OK;
}

static evl_status run(const evl_arguments *arguments) {
  char script[4096 + 64];
  EVL_TRY(find_script(script, sizeof script));
  const char *python = getenv("EVEIL_PYTHON"), *prognosis = evl_option(arguments, "prognosis"), *output = evl_option(arguments, "output");
  const char *word[10];
  int n = 0;
  word[n++] = python ? python : "/usr/bin/python3";
  word[n++] = script;
  word[n++] = arguments->operand[0];
  if (prognosis) {
    word[n++] = "--prognosis";
    word[n++] = prognosis;
  }
  if (output) {
    word[n++] = "-o";
    word[n++] = output;
  }
  word[n] = NULL;
  pid_t child = fork();
  if (child == 0) {
    execvp(word[0], (char *const *)word);
    fprintf(stderr, "eveil: error: %s: %s\n", word[0], strerror(errno));
    _exit(127);
  }
  int state;
  if (child < 0 || waitpid(child, &state, 0) < 0) return evl_fail(EVL_IO, "cannot start %s: %s", word[0], strerror(errno));
  if (!WIFEXITED(state) || WEXITSTATUS(state)) return evl_fail(EVL_IO, "the report of %s was not made", arguments->operand[0]);
  return EVL_OK;
}

static const evl_command_option options[] = {
    {"prognosis", "FILE", "the prognosis file (default: beside the store)"},
    {"output", "FILE", "the page (default: report.html beside the store)"}, {NULL, NULL, NULL}};

const evl_command evl_command_report = {
    "report", "STORE", "make a self-contained HTML page with figures", options, false, 1, 1, run};
