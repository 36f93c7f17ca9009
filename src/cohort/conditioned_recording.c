/* conditioned_recording: a study of one recording, for its conditioned channels alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_priv.h"

/* The cohort's root where the recording lies in it, else its own folder: up to there sidecars are looked for. */
static evl_status find_root(evl_study *s, const char *path, const char **root) {
  const evl_param *table = evl_cohort_params;
  evl_group *group;
  evl_params *cohort;
  EVL_TRY(evl_group_child(evl_config_root(s->config), "cohort", &group));
  EVL_TRY(evl_group_params(group, "cohort", &table, 1, NULL, NULL, s->arena, &cohort));
  const char *told = evl_path_from(s->config_path, evl_params_string(cohort, "root"), s->arena);
  char *whole = told ? realpath(told, NULL) : NULL, *file = realpath(path, NULL);
  bool inside = whole && file && !strncmp(whole, file, strlen(whole));
  free(whole);
  free(file);
  const char *slash = strrchr(path, '/');
  int n = !slash ? 0 : slash == path ? 1 : (int)(slash - path);
  *root = inside ? told : n ? evl_arena_format(s->arena, "%.*s", n, path) : ".";
  return *root ? EVL_OK : EVL_MEMORY;
}

static evl_status find_analysis(evl_study *s, const char *name) {
  evl_guess guess = {.word = name};
  for (int a = 0; a < s->n_analyses; a++) {
    evl_guess_try(&guess, s->analysis[a].name);
    if (strcmp(s->analysis[a].name, name)) continue;
    s->analysis += a;
    s->n_analyses = 1;
    return EVL_OK;
  }
  return evl_fail(EVL_USAGE, "%s: no analysis \"%s\"; did you mean \"%s\"?", s->config_path, name, guess.best);
}

static evl_status open_study(evl_study *s, const char *config, const char *analysis, const char *path) {
  const char *root;
  if (!(s->arena = evl_arena_create()) || !(s->config_path = evl_arena_text(s->arena, config))) return EVL_MEMORY;
  EVL_TRY(evl_config_read(config, s->arena, &s->config_text, &s->config));
  EVL_TRY(evl_study_configure(s));
  EVL_TRY(find_root(s, path, &root));
  EVL_TRY(evl_study_probe_alone(s, root, path));
  EVL_TRY(evl_study_analyses(s));
  EVL_TRY(find_analysis(s, analysis));
  EVL_TRY(evl_study_worker(s));
  return evl_worker_bind(s->worker, path, s->probe);
}

evl_status evl_conditioned_open(const char *config, const char *analysis, const char *path, evl_conditioned *c) {
  *c = (evl_conditioned){.study = calloc(1, sizeof(evl_study))};
  if (!c->study) return evl_fail(EVL_MEMORY, "out of memory");
  EVL_TRY(open_study(c->study, config, analysis, path));
  const evl_study *s = c->study;
  c->header = evl_worker_header(s->worker);
  c->montage = s->analysis->montage;
  c->why = evl_worker_channel_why(s->worker, 0);
  c->fs_hz = evl_worker_fs_hz(s->worker, 0);
  c->most = (int64_t)fmax(1, floor(fmin(s->task_s, s->probe->duration_s) * c->fs_hz));
  return EVL_OK;
}

void evl_conditioned_close(evl_conditioned *c) { evl_study_close(c->study); }

int64_t evl_conditioned_samples(const evl_conditioned *c, int stretch) {
  return evl_worker_samples(c->study->worker, 0, stretch);
}

evl_status evl_conditioned_read(evl_conditioned *c, int stretch, int64_t first, int64_t n, double *x, size_t ld) {
  return evl_worker_conditioned(c->study->worker, 0, stretch, first, n, x, ld);
}
