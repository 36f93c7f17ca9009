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
      status = evl_fail(EVL_USAGE, "%s: expected UTF-8, found something else at byte %zu", path, evl_utf8_valid(read, bytes));
    data = read;
    bytes++; /* the NUL behind it */
  }
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_broadcast_block(&data, &bytes, 0, arena));
  *text = data;
  EVL_TRY(evl_config_parse(data, path, config));
  return evl_config_check(*config, arena);
}

static evl_status open_all(evl_study *study) {
  const evl_param *table = evl_cohort_params;
  evl_group *group;
  evl_params *cohort;
  EVL_TRY(evl_config_read(study->config_path, study->arena, &study->config_text, &study->config));
  EVL_TRY(evl_study_configure(study));
  EVL_TRY(evl_group_child(evl_config_root(study->config), "cohort", &group));
  EVL_TRY(evl_group_params(group, "cohort", &table, 1, NULL, NULL, study->arena, &cohort));
  EVL_TRY(evl_study_probe(study, cohort));
  EVL_TRY(evl_study_analyses(study));
  return evl_study_tasks(study);
}

evl_status evl_study_open(const char *config_path, evl_study **study) {
  evl_study *s = calloc(1, sizeof *s);
  if (!s || !(s->arena = evl_arena_create())) {
    free(s);
    return evl_fail(EVL_MEMORY, "out of memory");
  }
  *study = s;
  s->config_path = evl_arena_text(s->arena, config_path);
  return evl_agree(s->config_path ? open_all(s) : EVL_MEMORY);
}

void evl_study_close(evl_study *study) {
  if (!study) return;
  if (study->journals) evl_journals_close(study->journals);
  evl_worker_free(study->worker);
  evl_config_free(study->config);
  evl_arena_free(study->arena);
  free(study);
}
