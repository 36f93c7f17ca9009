/* cohort_models: /cohort_models/NAME of the store. Small, so that rank 0 lays it out whole. */
#include "cohort_models_priv.h"
#include "eveil/parallel.h"

evl_status evl_gather_cohort_models(gather *g) {
  const evl_study *s = g->study;
  g->cohort_fit = evl_arena_alloc(g->arena, (size_t)(s->n_cohort_models + 1) * sizeof *g->cohort_fit);
  EVL_TRY(evl_agree(g->cohort_fit ? EVL_OK : EVL_MEMORY));
  for (int i = 0; i < s->n_cohort_models && !s->replay; i++)
    EVL_TRY(evl_cohort_model_fit(g, &s->cohort_model[i], &g->cohort_fit[i]));
  return EVL_OK;
}

typedef struct laid {
  gather *g;
  const evl_cohort_fit *fit;
  const char *group;                                        /* of the store */
  const char *subject, *groups, *fold, *term, *coordinate; /* paths of scales */
} laid;

static const char *texts(gather *g, const char *group, const char *name, int n, const char *const *text) {
  const char *path = evl_arena_format(g->arena, "%s/%s", group, name);
  evl_dataset *d = evl_gather_add(g, EVL_TEXT, text, NULL, "%s/%s", group, name);
  evl_gather_dimension(d, (uint64_t)n, NULL);
  d->is_scale = true;
  return path;
}

/* Behind the first dimensions the cells of all equations. */
static void add_cells(const laid *l, evl_dataset *d) {
  evl_gather_dimension(d, (uint64_t)l->fit->p, l->term);
  evl_gather_dimension(d, (uint64_t)l->fit->d, l->coordinate);
}

static void lay_subjects(const laid *l) {
  const evl_cohort_fit *f = l->fit;
  const uint64_t n = (uint64_t)f->n_subjects;
  evl_gather_dimension(evl_gather_add(l->g, EVL_I32, f->group, NULL, "%s/subject_group", l->group), n, l->subject);
  evl_gather_dimension(evl_gather_add(l->g, EVL_I32, f->fold, NULL, "%s/subject_fold", l->group), n, l->subject);
  const struct { const char *name; const double *data; } cells[] = {
      {"coefficients", f->coefficients}, {"coef_sd", f->coef_sd}, {"coefficients_held_out", f->held_out}};
  for (int i = 0; i < 3; i++) {
    evl_dataset *d = evl_gather_add(l->g, EVL_F64, cells[i].data, "1/s", "%s/%s", l->group, cells[i].name);
    evl_gather_dimension(d, n, l->subject);
    add_cells(l, d);
  }
  evl_dataset *d = evl_gather_add(l->g, EVL_F64, f->bic, "1", "%s/bic_held_out", l->group);
  evl_gather_dimension(d, n, l->subject);
  evl_gather_dimension(d, (uint64_t)f->n_groups, l->groups);
}

static void lay_groups(const laid *l) {
  const evl_cohort_fit *f = l->fit;
  const uint64_t n = (uint64_t)f->n_groups;
  evl_dataset *d = evl_gather_add(l->g, EVL_U8, f->support, NULL, "%s/support", l->group);
  evl_gather_dimension(d, n, l->groups);
  add_cells(l, d);
  d = evl_gather_add(l->g, EVL_F64, f->inclusion, "1", "%s/inclusion", l->group);
  evl_gather_dimension(d, n, l->groups);
  add_cells(l, d);
  d = evl_gather_add(l->g, EVL_U8, f->fold_support, NULL, "%s/fold_support", l->group);
  evl_gather_dimension(d, n, l->groups);
  evl_gather_dimension(d, (uint64_t)f->n_folds, l->fold);
  add_cells(l, d);
}

static evl_status describe(gather *g, const evl_cohort_model *model, const char *group) {
  evl_attribute *attribute;
  const char **text;
  EVL_NEW(g->arena, attribute, 2);
  EVL_NEW(g->arena, text, 2);
  text[0] = evl_params_text(model->params, g->arena);
  text[1] = "support: terms in the equations of a group; inclusion: share of resamples of its subjects that have a term; "
            "fold_support: found without a fold of its subjects; coefficients and coef_sd: of a subject on the support of "
            "its group; coefficients_held_out: on that found without its fold; bic_held_out: BIC a row, summed over "
            "equations, on each group's support, found without the subject.";
  if (!text[0]) return EVL_MEMORY;
  attribute[0] = (evl_attribute){"parameters", EVL_TEXT, 1, &text[0]};
  attribute[1] = (evl_attribute){"text", EVL_TEXT, 1, &text[1]};
  g->group[g->n_groups++] = (evl_group_attributes){group, 2, attribute};
  return EVL_OK;
}

evl_status evl_gather_lay_cohort_models(gather *g) {
  const evl_study *s = g->study;
  for (int i = 0; i < s->n_cohort_models && !s->replay; i++) {
    const evl_cohort_fit *f = &g->cohort_fit[i];
    const char *group = evl_arena_format(g->arena, "/cohort_models/%s", s->cohort_model[i].name);
    if (!group) return EVL_MEMORY;
    laid l = {.g = g, .group = group, .fit = f};
    l.subject = texts(g, group, "subject", f->n_subjects, s->manifest->subject);
    l.groups = texts(g, group, "group", f->n_groups, f->group_name);
    l.term = texts(g, group, "term", f->p, f->term);
    l.coordinate = texts(g, group, "coordinate", f->d, f->coordinate);
    l.fold = evl_gather_scale(g, (uint64_t)f->n_folds, evl_arena_format(g->arena, "%s/fold", group));
    if (!l.subject || !l.groups || !l.term || !l.coordinate || !l.fold) return EVL_MEMORY;
    lay_groups(&l);
    lay_subjects(&l);
    EVL_TRY(describe(g, &s->cohort_model[i], group));
  }
  return EVL_OK;
}
