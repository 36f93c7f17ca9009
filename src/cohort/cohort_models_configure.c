/* cohort_models_configure: the list `cohort_models` of the configuration. */
#include <string.h>

#include "cohort_models_priv.h"

const evl_param evl_cohort_model_params[] = {
    {"name", EVL_STRING, NULL, 0, 0, NULL, "", "Name of the model: its group below /cohort_models."},
    {"model", EVL_STRING, "\"sindy\"", 0, 0, "sindy", "",
     "sindy: one set of terms for the equations of all subjects, coefficients of each."},
    {"analysis", EVL_STRING, NULL, 0, 0, NULL, "",
     "The analysis whose sums of products are used: with sindy on latent = \"regions\" or \"channels\"."},
    {"group", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "Column of the participants: one set of terms for each of its values; empty: one for all subjects."},
    {"folds", EVL_INT, "5", 2, 1000, NULL, "",
     "Parts of the subjects; each subject is judged by terms found without its part."},
    {"resamples", EVL_INT, "100", 0, 100000, NULL, "", "Bootstraps of subjects, for inclusion probabilities."},
    {0}};

static bool valid_name(const char *name) {
  const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return n > 0 && !name[n];
}

static evl_status find_analysis(const evl_study *study, const evl_group *group, const char *name,
                                evl_cohort_model *model) {
  evl_guess guess = {.word = name};
  model->analysis = -1;
  for (int a = 0; a < study->n_analyses; a++) {
    evl_guess_try(&guess, study->analysis[a].name);
    if (!strcmp(study->analysis[a].name, name)) model->analysis = a;
  }
  if (model->analysis < 0)
    return evl_fail(EVL_USAGE, "%s: no analysis \"%s\"%s%s%s", evl_group_where(group), name,
                    guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "", guess.best ? "\"?" : "");
  const evl_layout *layout = study->analysis[model->analysis].layout;
  model->slot = -1;
  for (int i = 0; i < layout->n_slots; i++)
    if (layout->slot[i].dynamic && !strcmp(layout->slot[i].entry->name, "sindy")) model->slot = i;
  if (model->slot < 0)
    return evl_fail(EVL_USAGE, "%s: analysis \"%s\": expected sindy among its dynamics", evl_group_where(group), name);
  if (layout->slot[model->slot].state_size > 0) return EVL_OK;
  return evl_fail(EVL_USAGE,
                  "%s: analysis \"%s\": expected sindy with latent = \"regions\" or \"channels\", coordinates that mean the "
                  "same in all subjects, found \"%s\"", evl_group_where(group), name,
                  evl_params_string(layout->slot[model->slot].params, "latent"));
}

static evl_status find_column(const evl_study *study, const evl_group *group, const char *name,
                              evl_cohort_model *model) {
  const evl_manifest *m = study->manifest;
  evl_guess guess = {.word = name};
  model->column = -1;
  if (!*name) return EVL_OK;
  for (int c = 0; c < m->n_participant_columns; c++) {
    evl_guess_try(&guess, m->participant_column[c].name);
    if (!strcmp(m->participant_column[c].name, name)) model->column = c;
  }
  if (model->column >= 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: group = \"%s\": no such column of the participants%s%s%s", evl_group_where(group), name,
                  guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "", guess.best ? "\"?" : "");
}

static evl_status read_model(evl_study *study, evl_group *group, evl_cohort_model *model) {
  const evl_param *table = evl_cohort_model_params;
  evl_params *params;
  EVL_TRY(evl_group_params(group, "cohort model", &table, 1, NULL, NULL, study->arena, &params));
  *model = (evl_cohort_model){.name = evl_params_string(params, "name"), .params = params,
                              .n_folds = (int)evl_params_int(params, "folds"),
                              .n_resamples = (int)evl_params_int(params, "resamples")};
  if (!valid_name(model->name))
    return evl_fail(EVL_USAGE, "%s: name of a cohort model \"%s\": use letters, digits, _ and -", evl_group_where(group),
                    model->name);
  EVL_TRY(find_analysis(study, group, evl_params_string(params, "analysis"), model));
  return find_column(study, group, evl_params_string(params, "group"), model);
}

evl_status evl_study_cohort_models(evl_study *study) {
  evl_group *root = evl_config_root(study->config), *group;
  int n;
  EVL_TRY(evl_group_list(root, "cohort_models", &n));
  if (n == 0) return EVL_OK;
  EVL_NEW(study->arena, study->cohort_model, n);
  for (int i = 0; i < n; i++) {
    EVL_TRY(evl_group_item(root, "cohort_models", i, &group));
    EVL_TRY(read_model(study, group, &study->cohort_model[i]));
    for (int k = 0; k < i; k++)
      if (!strcmp(study->cohort_model[k].name, study->cohort_model[i].name))
        return evl_fail(EVL_USAGE, "%s: a second cohort model named \"%s\"", evl_group_where(group),
                        study->cohort_model[i].name);
  }
  study->n_cohort_models = n;
  return EVL_OK;
}

void evl_cohort_models_hash(const evl_study *study, evl_sha256 *hash) {
  for (int i = 0; i < study->n_cohort_models; i++) evl_params_hash(study->cohort_model[i].params, hash);
}
