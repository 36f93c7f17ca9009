/* study: opened from a configuration, in the order in which things become known. */
#include <stdlib.h>
#include <string.h>

#include "eveil/parallel.h"
#include "study_priv.h"

evl_status evl_config_read(const char *path, evl_arena *arena, const char **text, evl_config **config) {
  void *data = NULL;
  size_t bytes = 0;
  evl_status status = EVL_OK;
  *config = NULL;
  if (evl_rank() == 0) {
    char *read = NULL;
    status = evl_file_text(path, arena, &read, &bytes);
    if (status == EVL_IO) status = evl_fail_in(EVL_USAGE, "configuration");
    if (status == EVL_OK && strlen(read) < bytes)
      status = evl_fail(EVL_USAGE, "%s: expected text, found a NUL byte at byte %zu", path, strlen(read));
    if (status == EVL_OK && evl_utf8_valid(read, bytes) < bytes)
      status = evl_fail(EVL_USAGE, "%s: expected UTF-8, found something else at byte %zu", path,
                        evl_utf8_valid(read, bytes));
    data = read;
    bytes++; /* the NUL behind it */
  }
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_broadcast_block(&data, &bytes, 0, arena));
  *text = data;
  status = evl_config_parse(data, path, config);
  return evl_agree(status == EVL_OK ? evl_config_check(*config, arena) : status);
}

static evl_status formats_of(evl_config *config, evl_arena *arena, evl_format_options *options) {
  evl_group *group;
  EVL_TRY(evl_config_check(config, arena));
  EVL_TRY(evl_group_child(evl_config_root(config), "formats", &group));
  return evl_format_options_read(group, arena, options);
}

evl_status evl_formats_read(const char *path, const char *text, evl_arena *arena, evl_format_options *options) {
  evl_config *config = NULL;
  const char *whole;
  if (!path && !text) return evl_format_options_read(NULL, arena, options);
  if (path && text) return evl_fail(EVL_USAGE, "formats come from a configuration or from a text, not from both");
  evl_status status = EVL_OK;
  if (path) status = evl_config_read(path, arena, &whole, &config);
  else if (!(whole = evl_arena_format(arena, "formats: { %s };", text))) status = EVL_MEMORY;
  else status = evl_config_parse(whole, "--formats", &config);
  if (status == EVL_OK) status = formats_of(config, arena, options);
  evl_config_free(config);
  return status;
}

static evl_status read_groups(evl_study *study, evl_params **cohort) {
  const evl_param *table = evl_cohort_params;
  evl_group *group;
  EVL_TRY(evl_study_configure(study));
  EVL_TRY(evl_group_child(evl_config_root(study->config), "cohort", &group));
  return evl_group_params(group, "cohort", &table, 1, NULL, NULL, study->arena, cohort);
}

static evl_status plan_tasks(evl_study *study) {
  EVL_TRY(evl_study_analyses(study));
  EVL_TRY(evl_study_cohort_models(study));
  return evl_study_tasks(study);
}

static evl_status open_all(evl_study *study) {
  evl_params *cohort;
  EVL_TRY(evl_config_read(study->config_path, study->arena, &study->config_text, &study->config));
  EVL_TRY(evl_agree(read_groups(study, &cohort)));
  EVL_TRY(evl_study_probe(study, cohort));
  evl_timing_lap(&study->timing, PHASE_PROBE);
  EVL_TRY(evl_agree(plan_tasks(study)));
  return evl_study_machines(study);
}

static evl_status open_as(const char *config_path, evl_study form, evl_study **study) {
  evl_study *s = malloc(sizeof *s);
  if (s) *s = form;
  if (s) evl_timing_begin(&s->timing);
  if (s) s->arena = evl_arena_create();
  if (s && s->arena) s->config_path = evl_arena_text(s->arena, config_path);
  *study = s;
  EVL_TRY(evl_agree(s && s->config_path ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory")));
  return open_all(s);
}

evl_status evl_study_open(const char *config_path, evl_study **study) {
  return open_as(config_path, (evl_study){0}, study);
}

evl_status evl_study_open_replay(const char *config_path, double speed, evl_study **study) {
  return open_as(config_path, (evl_study){.replay = true, .replay_speed = speed}, study);
}

void evl_study_close(evl_study *study) {
  if (!study) return;
  if (study->journals) evl_journals_close(study->journals);
  evl_lock_release(study->lock);
  evl_worker_free(study->worker);
  evl_config_free(study->config);
  evl_arena_free(study->arena);
  free(study);
}
