/* main: finds the command, starts ranks where it has them, prints its error. */
#include <errno.h>
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

/* ---- options ---- */

static const evl_command_option common[] = {{"help", NULL, "this text"},
                                            {"quiet", NULL, "errors alone"},
                                            {"verbose", NULL, "details too"},
                                            {NULL, NULL, NULL}};

static bool names(const char *option, const char *name) {
  size_t n = strlen(name);
  return !strncmp(option, name, n) && (option[n] == 0 || option[n] == '=');
}

const char *evl_option(const evl_arguments *arguments, const char *name) {
  for (int i = 0; i < arguments->n_options; i++)
    if (names(arguments->option[i], name)) {
      const char *behind = arguments->option[i] + strlen(name);
      return behind + (*behind == '=');
    }
  return NULL;
}

static evl_status check_option(const evl_command *command, const char *option) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(option, "="), option);
  evl_guess guess = {.word = name};
  const char *value = strchr(option, '=');
  for (int table = 0; table < 2; table++)
    for (const evl_command_option *o = table ? common : command->options; o && o->name; o++) {
      if (!names(option, o->name)) {
        evl_guess_try(&guess, o->name);
        continue;
      }
      if (o->value && (value ? !value[1] : *o->value != '['))
        return evl_fail(EVL_USAGE, "%s: --%s: expected a value, as in --%s=%s", command->name, option, o->name,
                        o->value + strspn(o->value, "[="));
      if (!o->value && value)
        return evl_fail(EVL_USAGE, "%s: --%s: --%s takes no value", command->name, option, o->name);
      return EVL_OK;
    }
  return evl_fail(EVL_USAGE, "%s: unknown option --%s; did you mean \"--%s\"? (eveil %s --help)", command->name, option,
                  guess.best, command->name);
}

/* ---- help ---- */

static void print_help(FILE *out) {
  fprintf(out, "eveil %s: EEG of a cohort to an honest prognosis\n\nusage: eveil COMMAND [options] ...\n\n",
          EVL_VERSION);
  for (int i = 0; evl_commands[i]; i++)
    fprintf(out, "  %-9s %-22s %s\n", evl_commands[i]->name, evl_commands[i]->operands, evl_commands[i]->summary);
  fprintf(out, "\nEvery command: --help, --quiet, --verbose. eveil --version.\n"
               "Exit codes: 0 all well, 1 usage or configuration, 2 fatal, 3 some recordings failed, 4 stopped on "
               "request.\n");
}

void evl_command_help(const evl_command *command, FILE *out) {
  fprintf(out, "usage: eveil %s %s\n\n%s%s\n\n", command->name, command->operands, command->summary,
          command->ranks ? "; works on several ranks (mpirun, srun)" : "");
  for (int table = 0; table < 2; table++)
    for (const evl_command_option *o = table ? common : command->options; o && o->name; o++)
      fprintf(out, "  --%s%s%-*s  %s\n", o->name, o->value && *o->value != '[' ? "=" : "",
              16 - (int)strlen(o->name) - (o->value && *o->value != '[' ? 1 : 0), o->value ? o->value : "", o->text);
}

static const evl_command *find(const char *name) {
  for (int i = 0; evl_commands[i]; i++)
    if (!strcmp(evl_commands[i]->name, name)) return evl_commands[i];
  return NULL;
}

/* Before MPI starts a launcher tells the rank in the environment: one of many copies speaks. */
static bool is_first(void) {
  static const char *const variable[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"};
  for (int i = 0; i < 3; i++) {
    const char *rank = getenv(variable[i]);
    if (rank && strcmp(rank, "0")) return false;
  }
  return true;
}

static int unknown(const char *name) {
  evl_guess guess = {.word = name};
  for (int i = 0; evl_commands[i]; i++) evl_guess_try(&guess, evl_commands[i]->name);
  if (is_first())
    fprintf(stderr, "eveil: error: unknown command \"%s\"; did you mean \"%s\"? (eveil --help)\n", name, guess.best);
  return evl_exit_code(EVL_USAGE);
}

/* ---- the command line ---- */

/* Splits operands and options; false on --help. Behind "--" all words are operands. */
static bool split(int argc, char **argv, evl_arguments *a) {
  bool plain = false, help = false;
  for (int i = 2; i < argc; i++) {
    const char *word = argv[i];
    if (plain || word[0] != '-' || !word[1]) a->operand[a->n++] = word;
    else if (!strcmp(word, "--")) plain = true;
    else a->option[a->n_options++] = word + strspn(word, "-");
  }
  for (int i = 0; i < a->n_options; i++) help = help || !strcmp(a->option[i], "help") || !strcmp(a->option[i], "h");
  a->quiet = evl_option(a, "quiet");
  a->verbose = evl_option(a, "verbose");
  return !help;
}

static evl_status check(const evl_command *command, const evl_arguments *a) {
  for (int i = 0; i < a->n_options; i++) EVL_TRY(check_option(command, a->option[i]));
  if (a->n >= command->least && a->n <= command->most) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected %s, found %d operand%s (eveil %s --help)", command->name,
                  *command->operands ? command->operands : "no operand", a->n, a->n == 1 ? "" : "s", command->name);
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

static bool offers(const evl_command *command, const char *name) {
  for (const evl_command_option *o = command->options; o && o->name; o++)
    if (!strcmp(o->name, name)) return true;
  return false;
}

static evl_status run(const evl_command *command, const evl_arguments *a, int *argc, char ***argv) {
  if (command->ranks) {
    evl_stop_install();
    EVL_TRY(evl_parallel_start(argc, argv)); /* first of all: then one rank tells what is wrong */
    EVL_TRY(evl_same_program(evl_revision(), offers(command, "allow-other-cpu"),
                             evl_option(a, "allow-other-cpu") != NULL));
  }
  EVL_TRY(check(command, a));
  evl_log_set(a->quiet ? EVL_LOG_ERROR : a->verbose ? EVL_LOG_DETAIL : EVL_LOG_INFO, true);
  return command->run(a);
}

/* A full disk behind ">" is an error of the command. */
static evl_status end_stdout(evl_status status) {
  int error = fflush(stdout) ? errno : 0;
  if (!error && !ferror(stdout)) return status;
  if (status != EVL_OK && evl_exit_code(status) < 3) return status;
  return evl_fail(EVL_IO, "standard output cannot be written%s%s", error ? ": " : "", error ? strerror(error) : "");
}

static int ended(evl_status status) {
  status = end_stdout(status);
  if (status != EVL_OK && evl_rank() == 0)
    fprintf(stderr, "eveil: %s%s\n", evl_exit_code(status) <= 2 ? "error: " : "", evl_error_message());
  return evl_exit_code(status);
}

int main(int argc, char **argv) {
  if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
    print_help(argc < 2 ? stderr : stdout);
    return argc < 2 ? evl_exit_code(EVL_USAGE) : ended(EVL_OK);
  }
  if (!strcmp(argv[1], "--version")) {
    printf("eveil %s (%s)\n", EVL_VERSION, evl_revision());
    return ended(EVL_OK);
  }
  const evl_command *command = find(argv[1]);
  if (!command) return unknown(argv[1]);
  evl_arguments a = {.operand = calloc((size_t)argc, sizeof(char *)), .option = calloc((size_t)argc, sizeof(char *)),
                     .command_line = joined(argc, argv)};
  if (!a.operand || !a.option || !a.command_line) return evl_exit_code(EVL_MEMORY);
  if (!split(argc, argv, &a)) {
    evl_command_help(command, stdout);
    return ended(EVL_OK);
  }
  int code = ended(run(command, &a, &argc, &argv));
  if (command->ranks) evl_parallel_stop();
  free(a.operand);
  free(a.option);
  free((char *)a.command_line);
  return code;
}
