/* command_run: extract and fit everything, resume what was interrupted, gather the store. */
#include <math.h>

#include "command_priv.h"
#include "eveil/cohort.h"

evl_status evl_command_study(const evl_arguments *arguments, evl_study **study) {
  const char *replay = evl_option(arguments, "replay");
  double speed = 1;
  *study = NULL;
  if (!replay) return evl_study_open(arguments->operand[0], study);
  if (*replay && (!evl_cell_number(replay, &speed) || !(speed >= 0 && isfinite(speed))))
    return evl_fail(EVL_USAGE, "run: --replay=%s: expected a number from 0", replay);
  return evl_study_open_replay(arguments->operand[0], speed, study);
}

static evl_status run(const evl_arguments *arguments) {
  evl_study *study;
  const evl_run_options options = {.replace = evl_option(arguments, "replace") != NULL,
                                   .other_cpu = evl_option(arguments, "allow-other-cpu") != NULL,
                                   .quiet = arguments->quiet,
                                   .timing = evl_option(arguments, "timing"),
                                   .command = arguments->command_line,
                                   .revision = evl_revision()};
  evl_status status = evl_command_study(arguments, &study);
  if (status == EVL_OK) status = evl_study_run(study, &options);
  evl_study_close(study);
  return status;
}

static const evl_command_option options[] = {
    {"replace", NULL, "overwrite a finished store of another plan"},
    {"allow-other-cpu", NULL, "take finished tasks of other kinds of machines, and ranks on several kinds"},
    {"timing", "FILE", "a table of the time that every rank spent in each phase"},
    {"replay", "[=SPEED]",
     "sleep for each task's expected cost (divided by SPEED; 0: not at all) instead of computing: how this machine "
     "schedules, journals and gathers this plan"},
    {NULL, NULL, NULL}};

const evl_command evl_command_run = {
    "run", "CFG", "extract and fit everything, resume what was interrupted, gather the store", options, true, 1, 1,
    run};
