/* command_plan: say what a run would do: tasks, bytes, core-hours, ranks. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  evl_study *study = NULL;
  evl_status status = evl_study_open(arguments->operand[0], &study);
  if (status == EVL_OK) status = evl_study_print_plan(study, stdout);
  evl_study_close(study);
  return status;
}

const evl_command evl_command_plan = {
    "plan", "CFG", "say what a run would do: tasks, bytes, core-hours, ranks", NULL, true, 1, 1, run};
