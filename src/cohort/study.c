/* study: opened from a configuration, in the order in which things become known. */
#include <stdlib.h>
#include <string.h>

#include "eveil/parallel.h"
#include "study_priv.h"

static evl_status share_config(evl_study *study) {
  void *text = NULL;
  size_t bytes = 0;
  evl_status status = EVL_OK;
  if (evl_rank() == 0) {
    char *read = NULL;
    status = evl_file_text(study->config_path, study->arena, &read, &bytes);
    text = read;
    bytes++; /* the NUL behind it */
    if (status != EVL_OK) status = evl_fail_in(EVL_USAGE, "configuration");
  }
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_broadcast_block(&text, &bytes, 0, study->arena));
  study->config_text = text;
  return evl_config_parse(study->config_text, study->config_path, &study->config);
}

static evl_status open_all(evl_study *study) {
  const evl_param *table = evl_cohort_params;
  evl_group *group;
  evl_params *cohort;
  EVL_TRY(share_config(study));
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
