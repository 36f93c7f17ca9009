/* command_plan: say what a run would do: tasks, bytes, core-hours, ranks; what it would take on any number of ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"

enum { MOST_COUNTS = 64, MOST_RANKS = 1 << 20 };

static evl_status read_ranks(const char *text, int *n, int *ranks) {
  *n = 0;
  for (const char *at = text;; at++) {
    char *end;
    long r = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
    if (r < 1 || r > MOST_RANKS || (*end && *end != ','))
      return evl_fail(EVL_USAGE, "plan: --simulate=%s: expected numbers of ranks from 1 to %d, found \"%s\"", text,
                      MOST_RANKS, at);
    if (*n == MOST_COUNTS) return evl_fail(EVL_USAGE, "plan: --simulate: expected at most %d numbers", MOST_COUNTS);
    ranks[(*n)++] = (int)r;
    at = end;
    if (!*at) return EVL_OK;
  }
}

/* The number of an option, or what stands in for it. */
static evl_status number(const evl_arguments *arguments, const char *name, double least, double *value) {
  const char *text = evl_option(arguments, name);
  if (!text || (evl_cell_number(text, value) && *value >= least && *value <= 1e6)) return EVL_OK;
  return evl_fail(EVL_USAGE, "plan: --%s=%s: expected a number from %g", name, text, least);
}

static evl_status read_figure(const evl_arguments *arguments, const char *name, bool zero, double *figure) {
  const char *text = evl_option(arguments, name);
  *figure = NAN;
  if (!text) return EVL_OK;
  if (evl_cell_number(text, figure) && isfinite(*figure) && (zero ? *figure >= 0 : *figure > 0)) return EVL_OK;
  return evl_fail(EVL_USAGE, "plan: --%s=%s: expected a number %s 0", name, text, zero ? "from" : "above");
}

static evl_status read_machine(const evl_arguments *arguments, evl_forecast_machine *machine) {
#define X(field, option, zero, text) EVL_TRY(read_figure(arguments, option, zero, &machine->field));
  EVL_FORECAST_FIGURES(X)
#undef X
  machine->cores_per_node = 40;
  return number(arguments, "cores-per-node", 1, &machine->cores_per_node);
}

static evl_status print(const evl_arguments *arguments, evl_study *study) {
  double cores = 40;
  evl_slurm_options slurm = {.wall_h = 2, .limit_h = 20};
  EVL_TRY(number(arguments, "cores-per-node", 1, &cores));
  EVL_TRY(number(arguments, "wall-h", 0.1, &slurm.wall_h));
  EVL_TRY(number(arguments, "limit-h", 0.1, &slurm.limit_h));
  slurm.cores_per_node = (int)cores;
  if (evl_option(arguments, "slurm")) evl_study_print_slurm(study, &slurm, stdout);
  return evl_option(arguments, "slurm") ? EVL_OK : evl_study_print_plan(study, stdout);
}

static evl_status run(const evl_arguments *arguments) {
  const char *text = evl_option(arguments, "simulate"), *tsv = evl_option(arguments, "simulate-tsv");
  evl_forecast_machine machine;
  int n = 0, ranks[MOST_COUNTS];
  evl_study *study = NULL;
  EVL_TRY(read_machine(arguments, &machine));
  if (text) EVL_TRY(read_ranks(text, &n, ranks));
  if (tsv && !text) return evl_fail(EVL_USAGE, "plan: --simulate-tsv: expected --simulate=RANKS,... too");
  evl_status status = evl_command_study(arguments, &study);
  if (status == EVL_OK) status = evl_study_expect(study);
  if (status == EVL_OK) status = print(arguments, study);
  if (status == EVL_OK && text) status = evl_study_forecast(study, n, ranks, &machine, tsv, stdout);
  evl_study_close(study);
  return status;
}

static const evl_command_option options[] = {
    {"slurm", NULL, "print options of sbatch for the run, one a line, and nothing else"},
    {"cores-per-node", "N", "with --slurm, --simulate: ranks that a node takes (40)"},
    {"wall-h", "H", "with --slurm: wall time to aim at, in hours (2)"},
    {"limit-h", "H", "with --slurm: the longest that the queue allows, in hours (20)"},
    {"simulate", "RANKS,...", "what a run on so many ranks takes, by a simulation of its schedule with measured costs"},
    {"simulate-tsv", "FILE", "that as a table"},
    {"replay", "[=SPEED]", "of a replay (eveil run --replay)"},
#define X(field, option, zero, text) {option, "X", text},
    EVL_FORECAST_FIGURES(X)
#undef X
    {NULL, NULL, NULL}};

const evl_command evl_command_plan = {
    "plan", "CFG", "say what a run would do: tasks, bytes, core-hours, ranks", options, true, 1, 1, run};
