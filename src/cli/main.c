/* main: finds the command, starts ranks where it has them, prints its error. */
#include <stdlib.h>
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/parallel.h"

#define X(name) extern const evl_command evl_command_##name;
#include "commands.def"
#undef X

const evl_command *const evl_commands[] = {
#define X(name) &evl_command_##name,
#include "commands.def"
#undef X
    NULL};

const char *evl_revision(void) { return EVL_GIT_REVISION; }

const char *evl_option(const evl_arguments *arguments, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < arguments->n_options; i++) {
    const char *option = arguments->option[i] + 2;
    if (!strncmp(option, name, n) && (option[n] == 0 || option[n] == '=')) return option[n] ? option + n + 1 : "";
  }
  return NULL;
}

evl_status evl_options_known(const evl_arguments *arguments, const char *const *known) {
  for (int i = 0; i < arguments->n_options; i++) {
    const char *option = arguments->option[i] + 2;
    size_t n = strcspn(option, "=");
    bool found = false;
    for (int k = 0; known[k] && !found; k++) found = strlen(known[k]) == n && !strncmp(option, known[k], n);
    if (!found) return evl_fail(EVL_USAGE, "unknown option %s", arguments->option[i]);
  }
  return EVL_OK;
}

static void print_help(FILE *out) {
  fprintf(out, "eveil %s: EEG of a cohort to an honest prognosis\n\nusage: eveil COMMAND [options] ...\n\n", EVL_VERSION);
  for (int i = 0; evl_commands[i]; i++)
    fprintf(out, "  %-9s %-22s %s\n", evl_commands[i]->name, evl_commands[i]->operands, evl_commands[i]->summary);
  fprintf(out, "\nEvery command: --help, --quiet, --verbose. eveil --version.\n"
               "Exit codes: 0 all well, 1 usage or configuration, 2 fatal, 3 some recordings failed, 4 stopped on request.\n");
}

static void print_command_help(const evl_command *command, FILE *out) {
  fprintf(out, "usage: eveil %s %s\n\n%s%s\n%s", command->name, command->operands, command->summary,
          command->ranks ? "; works on several ranks (mpirun, srun)" : "", command->options);
}

static const evl_command *find(const char *name) {
  for (int i = 0; evl_commands[i]; i++)
    if (!strcmp(evl_commands[i]->name, name)) return evl_commands[i];
  return NULL;
}

static int unknown(const char *name) {
  const char *best = "run";
  int distance = 1 << 20;
  for (int i = 0; evl_commands[i]; i++) {
    int d = evl_text_distance(name, evl_commands[i]->name);
    if (d < distance) {
      distance = d;
      best = evl_commands[i]->name;
    }
  }
  fprintf(stderr, "eveil: error: unknown command \"%s\"; did you mean \"%s\"? (eveil --help)\n", name, best);
  return evl_exit_code(EVL_USAGE);
}

/* Splits operands, common options and own options; false on --help. */
static bool split(int argc, char **argv, evl_arguments *a) {
  bool plain = false;
  for (int i = 2; i < argc; i++) {
    const char *word = argv[i];
    if (plain || strncmp(word, "--", 2)) a->operand[a->n++] = word;
    else if (!strcmp(word, "--")) plain = true;
    else if (!strcmp(word, "--help")) return false;
    else if (!strcmp(word, "--quiet")) a->quiet = true;
    else if (!strcmp(word, "--verbose")) a->verbose = true;
    else a->option[a->n_options++] = word;
  }
  return true;
}

static char *joined(int argc, char **argv) {
  size_t n = 1;
  for (int i = 0; i < argc; i++) n += strlen(argv[i]) + 1;
  char *text = calloc(n, 1);
  for (int i = 0; text && i < argc; i++) {
    if (i) strcat(text, " ");
    strcat(text, i ? argv[i] : "eveil");
  }
  return text;
}

static evl_status run(const evl_command *command, const evl_arguments *a, int *argc, char ***argv) {
  if (a->n < command->least || a->n > command->most)
    return evl_fail(EVL_USAGE, "%s: expected %s, found %d operand%s (eveil %s --help)", command->name, command->operands,
                    a->n, a->n == 1 ? "" : "s", command->name);
  if (command->ranks) {
    evl_stop_install();
    EVL_TRY(evl_parallel_start(argc, argv));
  }
  evl_log_set(a->quiet ? EVL_LOG_ERROR : a->verbose ? EVL_LOG_DETAIL : EVL_LOG_INFO, true);
  return command->run(a);
}

int main(int argc, char **argv) {
  if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
    print_help(argc < 2 ? stderr : stdout);
    return argc < 2 ? evl_exit_code(EVL_USAGE) : 0;
  }
  if (!strcmp(argv[1], "--version")) {
    printf("eveil %s (%s)\n", EVL_VERSION, evl_revision());
    return 0;
  }
  const evl_command *command = find(argv[1]);
  if (!command) return unknown(argv[1]);
  evl_arguments a = {.operand = calloc((size_t)argc, sizeof(char *)), .option = calloc((size_t)argc, sizeof(char *)),
                     .command_line = joined(argc, argv), .program = argv[0]};
  if (!a.operand || !a.option || !a.command_line) return evl_exit_code(EVL_MEMORY);
  if (!split(argc, argv, &a)) {
    print_command_help(command, stdout);
    return 0;
  }
  evl_status status = run(command, &a, &argc, &argv);
  fflush(stdout);
  if (status != EVL_OK && evl_rank() == 0)
    fprintf(stderr, "eveil: %s%s\n", evl_exit_code(status) <= 2 ? "error: " : "", evl_error_message());
  if (command->ranks) evl_parallel_stop();
  free(a.operand);
  free(a.option);
  free((char *)a.command_line);
  return evl_exit_code(status);
}
