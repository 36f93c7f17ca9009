/* Keys of one element of the list `prognosis`, and what they make of it. */
#include <string.h>

#include "design_priv.h"

const evl_param evl_prognosis_params[] = {
    {"name", EVL_STRING, "\"main\"", 0, 0, NULL, "", "Name of the group in the prognosis file."},
    {"table", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "A CSV or TSV table to use in place of the store; one row a subject."},
    {"subject", EVL_STRING, "\"subject\"", 0, 0, NULL, "", "Table: the column that identifies subjects."},
    {"outcome", EVL_STRING, NULL, 0, 0, NULL, "",
     "Column of participants.tsv (or of the table) that holds the outcome."},
    {"positive", EVL_STRINGS, NULL, 0, 0, NULL, "", "Values of the outcome that are predicted."},
    {"negative", EVL_STRINGS, "()", 0, 0, NULL, "",
     "Values against which they are predicted; by default the only other value. Others are left out."},
    {"site", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "Column that names the hospital; stored, never a predictor unless listed in covariates."},
    {"covariates", EVL_STRINGS, "()", 0, 0, NULL, "",
     "Clinical columns that enter the design; text as 0/1 by category."},
    {"analyses", EVL_STRINGS, "(\"*\")", 0, 0, NULL, "", "Store: analyses whose columns enter, by pattern (* and ?)."},
    {"columns", EVL_STRINGS, "(\"*\")", 0, 0, NULL, "",
     "Columns that enter, by pattern; brackets stand for themselves."},
    {"statistics", EVL_STRINGS, "(\"median\")", 0, 0, NULL, "",
     "Store: statistics over the windows of a recording that enter."},
    {"rows", EVL_STRING, "\"subjects\"", 0, 0, "subjects|recordings", "",
     "One row a subject, or every recording (a table: every line) a row; folds hold whole subjects either way."},
    {"folds_by", EVL_STRING, "\"subject\"", 0, 0, "subject|row", "",
     "What a fold is made of; by row is refused where a subject has several."},
    {"learners", EVL_STRINGS, "(\"ridge\")", 0, 0, NULL, "",
     "Learners; a group of the same name holds the parameters of one."},
    {"folds", EVL_INT, "5", 2, 100, NULL, "", "Outer folds."},
    {"repeats", EVL_INT, "5", 1, 1000, NULL, "", "Times the outer folds are drawn anew."},
    {"inner_folds", EVL_INT, "5", 2, 100, NULL, "", "Folds inside a training set, by which the penalty is chosen."},
    {"choose", EVL_STRING, "\"deviance\"", 0, 0, "deviance|auc", "",
     "The penalty has the least mean inner deviance, or the largest mean inner AUC."},
    {"permute", EVL_BOOL, "false", 0, 0, NULL, "", "Permute outcomes among subjects: what an empty cohort would give."},
    {"seed", EVL_INT, "1", 0, 9007199254740992.0, NULL, "", "Seed of folds and permutations; by default run.seed."},
    {NULL}};

const evl_param evl_prognosis_select_params[] = {
    {"hours", EVL_REALS, "()", 0, 0, NULL, "h",
     "Recordings that start at or after the first and before the second, in hours since the event."},
    {"recordings", EVL_STRING, "\"best\"", 0, 0, "best|first|last|mean", "",
     "Which recording stands for a subject: the largest share of clean samples, the earliest, the latest, or the mean "
     "of all."},
    {NULL}};

static const evl_learner *find_learner(const char *name) {
  for (int i = 0; evl_learners[i]; i++)
    if (!strcmp(evl_learners[i]->name, name)) return evl_learners[i];
  return NULL;
}

static evl_status read_learners(evl_group *group, const char *where, const evl_value *names, int n_known,
                                const char *const *known, evl_arena *arena, evl_prognosis_setup *setup) {
  const evl_learner **learner;
  const evl_params **params;
  if (names->n == 0) return evl_fail(EVL_USAGE, "%s: prognosis.learners: expected at least one learner", where);
  EVL_NEW(arena, learner, names->n);
  EVL_NEW(arena, params, names->n);
  for (int k = 0; k < names->n; k++) {
    evl_group *own = NULL;
    evl_params *values;
    learner[k] = find_learner(names->strings[k]);
    if (!learner[k])
      return evl_fail(EVL_USAGE, "%s: prognosis.learners: no learner \"%s\"; did you mean \"%s\"?", where,
                      names->strings[k], evl_nearest(names->strings[k], n_known, known));
    for (int before = 0; before < k; before++)
      if (learner[before] == learner[k])
        return evl_fail(EVL_USAGE, "%s: prognosis.learners: \"%s\" is named twice", where, names->strings[k]);
    if (group) EVL_TRY(evl_group_child(group, names->strings[k], &own));
    EVL_TRY(evl_group_params(own, names->strings[k], &learner[k]->params, 1, NULL, NULL, arena, &values));
    params[k] = values;
  }
  setup->n_learners = names->n;
  setup->learner = learner;
  setup->params = params;
  return EVL_OK;
}

static evl_status check(const char *where, const evl_params *params, const evl_params *select) {
  const char *name = evl_params_string(params, "name");
  if (!*name || strchr(name, '/'))
    return evl_fail(EVL_USAGE, "%s: prognosis.name: expected a name without \"/\", found \"%s\"", where, name);
  if (evl_params_value(params, "positive")->n == 0)
    return evl_fail(EVL_USAGE, "%s: prognosis.positive: expected at least one value of the outcome", where);
  const evl_value *hours = evl_params_value(select, "hours");
  if (hours->n != 0 && (hours->n != 2 || !(hours->reals[0] < hours->reals[1])))
    return evl_fail(EVL_USAGE, "%s: prognosis.select.hours: expected two ascending numbers (from, to), found %d", where,
                    hours->n);
  if (!*evl_params_string(params, "table")) return EVL_OK;
  static const char *const of_store[] = {"analyses", "statistics"};
  for (int k = 0; k < 2; k++)
    if (evl_params_value(params, of_store[k])->given)
      return evl_fail(EVL_USAGE, "%s: prognosis.%s has no meaning with a table", where, of_store[k]);
  for (int k = 0; k < select->n; k++)
    if (select->value[k].given)
      return evl_fail(EVL_USAGE, "%s: prognosis.select.%s has no meaning with a table", where,
                      select->value[k].param->name);
  return EVL_OK;
}

evl_status evl_prognosis_configure(evl_group *group, const evl_params *above, evl_arena *arena, evl_params **params,
                                   evl_params **select, evl_prognosis_setup **setup) {
  const evl_param *own = evl_prognosis_params, *select_table = evl_prognosis_select_params;
  const char *where = group ? evl_group_where(group) : "(default)";
  const char **subgroup;
  evl_group *select_group = NULL;
  evl_prognosis_setup *s;
  int n = 0;
  while (evl_learners[n]) n++;
  EVL_NEW(arena, subgroup, n + 2);
  subgroup[0] = "select";
  for (int i = 0; i < n; i++) subgroup[i + 1] = evl_learners[i]->name;
  EVL_TRY(evl_group_params(group, "prognosis", &own, 1, subgroup, above, arena, params));
  if (group) EVL_TRY(evl_group_child(group, "select", &select_group));
  EVL_TRY(evl_group_params(select_group, "select", &select_table, 1, NULL, NULL, arena, select));
  EVL_TRY(check(where, *params, *select));
  EVL_NEW(arena, s, 1);
  s->name = evl_params_string(*params, "name");
  s->seed = (uint64_t)evl_params_int(*params, "seed");
  s->n_folds = (int)evl_params_int(*params, "folds");
  s->n_repeats = (int)evl_params_int(*params, "repeats");
  s->n_inner = (int)evl_params_int(*params, "inner_folds");
  s->permute = evl_params_bool(*params, "permute");
  s->choose_auc = !strcmp(evl_params_string(*params, "choose"), "auc");
  EVL_TRY(read_learners(group, where, evl_params_value(*params, "learners"), n, subgroup + 1, arena, s));
  *setup = s;
  return EVL_OK;
}
