/* command_gather: make a store of what is finished so far. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  evl_study *study;
  const evl_run_options options = {.replace = evl_option(arguments, "replace") != NULL,
                                   .other_cpu = evl_option(arguments, "allow-other-cpu") != NULL,
                                   .quiet = arguments->quiet,
                                   .command = arguments->command_line,
                                   .revision = evl_revision()};
  evl_status status = evl_command_study(arguments, &study);
  if (status == EVL_OK) status = evl_study_gather(study, &options);
  evl_study_close(study);
  return status;
}

static const evl_command_option options[] = {
    {"replace", NULL, "overwrite a finished store of another plan"},
    {"allow-other-cpu", NULL, "take finished tasks of other kinds of machines, and ranks on several kinds"},
    {"replay", NULL, "of a replay (eveil run --replay)"},
    {NULL, NULL, NULL}};

const evl_command evl_command_gather = {
    "gather", "CFG", "make a store of what is finished so far", options, true, 1, 1, run};
