/* command_gather: make a store of what is finished so far. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  evl_study *study = NULL;
  const evl_run_options options = {evl_option(arguments, "replace") != NULL, arguments->quiet, arguments->command_line,
                                   evl_revision()};
  evl_status status = evl_study_open(arguments->operand[0], &study);
  if (status == EVL_OK) status = evl_study_gather(study, &options);
  evl_study_close(study);
  return status;
}

static const evl_command_option options[] = {
    {"replace", NULL, "overwrite a finished store of another plan"}, {NULL, NULL, NULL}};

const evl_command evl_command_gather = {
    "gather", "CFG", "make a store of what is finished so far", options, true, 1, 1, run};
