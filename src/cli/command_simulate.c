/* command_simulate: a cohort whose physics and outcome mechanism are known, written by all ranks. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/parallel.h"
#include "eveil/simulate.h"

static evl_status read_group(evl_config *config, const char *name, const evl_param *table, evl_arena *arena,
                             evl_params **params) {
  evl_group *group;
  EVL_TRY(evl_group_child(evl_config_root(config), name, &group));
  return evl_group_params(group, name, &table, 1, NULL, NULL, arena, params);
}

static evl_status write_share(const evl_simulation *simulation, const char *root, evl_arena *arena) {
  int n = evl_simulation_recordings(simulation);
  for (int i = evl_rank(); i < n; i += evl_size()) EVL_TRY(evl_simulation_write(simulation, root, i, arena));
  return EVL_OK;
}

static evl_status write_cohort(const char *config_path, const evl_params *cohort, const evl_simulation *simulation,
                               evl_arena *arena) {
  const char *root = evl_path_from(config_path, evl_params_string(cohort, "root"), arena);
  if (!root) return EVL_MEMORY;
  evl_status status = EVL_OK;
  if (evl_rank() == 0) {
    if (mkdir(root, 0777) && errno != EEXIST)
      status = evl_fail(EVL_IO, "%s: cannot make the folder: %s", root, strerror(errno));
    if (status == EVL_OK) status = evl_simulation_write_tables(simulation, root);
  }
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_agree(write_share(simulation, root, arena)));
  if (evl_rank() == 0) evl_log(EVL_LOG_INFO, "%s: %s", root, evl_simulation_summary(simulation));
  return EVL_OK;
}

static evl_status plan(evl_config *config, evl_arena *arena, evl_params **cohort, evl_simulation **simulation) {
  evl_params *run;
  evl_group *group;
  EVL_TRY(read_group(config, "cohort", evl_cohort_params, arena, cohort));
  EVL_TRY(read_group(config, "run", evl_run_params, arena, &run));
  EVL_TRY(evl_group_child(evl_config_root(config), "simulate", &group));
  return evl_simulation_plan(group, (uint64_t)evl_params_int(run, "seed"), arena, simulation);
}

static evl_status simulate(const char *path, evl_arena *arena) {
  const char *text;
  evl_config *config;
  evl_params *cohort;
  evl_simulation *simulation;
  evl_status status = evl_config_read(path, arena, &text, &config);
  if (status == EVL_OK) status = evl_agree(plan(config, arena, &cohort, &simulation));
  if (status == EVL_OK) status = write_cohort(path, cohort, simulation, arena);
  evl_config_free(config);
  return status;
}

static evl_status run(const evl_arguments *arguments) {
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = simulate(arguments->operand[0], arena);
  evl_arena_free(arena);
  return status;
}

const evl_command evl_command_simulate = {
    "simulate", "CFG", "write a synthetic cohort (EDF+, BIDS layout) with known truth", NULL, true, 1, 1, run};
