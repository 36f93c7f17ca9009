/* command_run: extract and fit everything, resume what was interrupted, gather the store. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  evl_study *study = NULL;
  const evl_run_options options = {evl_option(arguments, "replace") != NULL, arguments->quiet, arguments->command_line,
                                   evl_revision()};
  evl_status status = evl_study_open(arguments->operand[0], &study);
  if (status == EVL_OK) status = evl_study_run(study, &options);
  evl_study_close(study);
  return status;
}

static const evl_command_option options[] = {
    {"replace", NULL, "overwrite a finished store of another plan"}, {NULL, NULL, NULL}};

const evl_command evl_command_run = {
    "run", "CFG", "extract and fit everything, resume what was interrupted, gather the store", options, true, 1, 1,
    run};
