/* held_out: how well a model, a ridge VAR of the same state and persistence foretell what was held out. */
#include <string.h>

#include "fit_priv.h"
#include "var_priv.h"

enum { MOST_STARTS = 256, VAR_ORDER = 8 };

/* The rivals of a latent series: once, whichever models ask. */
typedef struct rivals {
  evl_products *products;
  uint64_t serial;
  evl_var *var; /* NULL: nothing to fit */
  uint8_t *channel_why; /* [n] 0: all coordinates are there */
  double *error_var, *error_persistence; /* [horizons] */
} rivals;

struct evl_forecast {
  evl_latent *latent;
  const evl_value *ahead;
  int longest;
  double *states;      /* [longest][n] */
  double *error;       /* [horizons] */
  rivals *rivals;
};

typedef struct spec { const evl_latent *latent; int n; double ahead[16]; } spec;

static evl_status plan_rivals(evl_forecast *f, const char *entry, evl_products *products, evl_arena *arena) {
  const evl_latent *l = f->latent;
  spec s;
  memset(&s, 0, sizeof s);
  s.latent = l;
  s.n = f->ahead->n;
  memcpy(s.ahead, f->ahead->reals, (size_t)s.n * sizeof *s.ahead);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "rivals", &s, sizeof s, arena, &product));
  if ((f->rivals = product->own)) return EVL_OK;
  rivals *r;
  EVL_NEW(arena, r, 1);
  r->products = products;
  const evl_var_spec v = {.series = l, .n_channels = l->n, .n_samples = l->n_samples, .n_train = l->n_train,
                          .n_gap = l->first_test - l->n_train, .max_order = VAR_ORDER, .choose = EVL_VAR_BIC,
                          .as_is = 1, .n_ridges = 1, .ridge = {1e-3}};
  if (l->n_train > 0) EVL_TRY(evl_var_find(&v, entry, products, arena, &r->var));
  EVL_NEW(arena, r->channel_why, l->n);
  EVL_NEW(arena, r->error_var, s.n);
  EVL_NEW(arena, r->error_persistence, s.n);
  product->own = f->rivals = r;
  return EVL_OK;
}

evl_status evl_forecast_plan(const evl_params *p, evl_latent *latent, const char *entry, evl_products *products,
                             evl_arena *arena, evl_forecast **forecast) {
  evl_forecast *f;
  EVL_NEW(arena, f, 1);
  f->latent = latent;
  f->ahead = evl_params_value(p, "ahead");
  if (f->ahead->n > (int)(sizeof((spec *)0)->ahead / sizeof(double)))
    return evl_fail(EVL_USAGE, "%s.ahead: expected at most 16 horizons, found %d", entry, f->ahead->n);
  for (int i = 0; i < f->ahead->n; i++) {
    const double h = f->ahead->reals[i];
    if (h != floor(h)) return evl_fail(EVL_USAGE, "%s.ahead: expected integers, found %.9g", entry, h);
    if ((int)h > f->longest) f->longest = (int)h;
  }
  EVL_NEW(arena, f->states, f->longest * latent->n);
  EVL_NEW(arena, f->error, f->ahead->n);
  EVL_TRY(plan_rivals(f, entry, products, arena));
  *forecast = f;
  return EVL_OK;
}

size_t evl_forecast_outputs(const evl_params *p) { return 4 + 3 * (size_t)evl_params_value(p, "ahead")->n; }

/* Mean squared errors at every horizon, from starts that are evenly spaced over the held-out part; the share of starts
   from which it diverges, and NaN at the horizons that one of them did not reach. False: too little is held out. */
static bool score(evl_forecast *f, evl_ahead *ahead, void *model, double *error, double *diverged) {
  enum { FEWEST = 16 };
  const evl_latent *l = f->latent;
  const int room = l->n_samples - f->longest - l->first_test, n = room < MOST_STARTS ? room : MOST_STARTS;
  int lost = 0;
  for (int i = 0; i < f->ahead->n; i++) error[i] = room < FEWEST ? NAN : 0.0;
  if (room < FEWEST) return false;
  for (int s = 0; s < n; s++) {
    const int t = l->first_test + (int)((int64_t)s * room / n);
    for (int k = 0; k < f->longest * l->n; k++) f->states[k] = NAN;
    lost += !ahead(model, l, t, f->longest, f->states);
    for (int i = 0; i < f->ahead->n; i++) {
      const int h = (int)f->ahead->reals[i];
      const double *z = f->states + (size_t)(h - 1) * (size_t)l->n;
      for (int c = 0; c < l->n; c++) {
        const double e = l->z[(size_t)c * l->ld + (size_t)(t + h)] - z[c];
        error[i] += fabs(z[c]) <= EVL_DIVERGED_SD ? e * e / ((double)n * l->n) : NAN;
      }
    }
  }
  if (diverged) *diverged = (double)lost / n;
  return true;
}

static bool persist(void *model, const evl_latent *l, int t, int steps, double *ahead) {
  (void)model;
  for (int h = 0; h < steps; h++)
    for (int c = 0; c < l->n; c++) ahead[h * l->n + c] = l->z[(size_t)c * l->ld + (size_t)t];
  return true;
}

static bool var_ahead(void *model, const evl_latent *l, int t, int steps, double *ahead) {
  (void)l;
  return evl_var_ahead(model, t, steps, ahead);
}

static void score_rivals(evl_forecast *f, const evl_window *window) {
  rivals *r = f->rivals;
  const evl_latent *l = f->latent;
  const evl_window series = {.x = l->z, .ld = l->ld, .n_channels = l->n, .n_samples = l->n_samples,
                             .fs_hz = l->fs_hz, .channel_why = r->channel_why, .key = window->key};
  for (int i = 0; i < f->ahead->n; i++) r->error_var[i] = NAN;
  score(f, persist, NULL, r->error_persistence, NULL);
  if (r->var && evl_var_fit(r->var, &series) == EVL_WHY_VALUE && r->var->n_used == l->n)
    score(f, var_ahead, r->var, r->error_var, NULL);
}

void evl_forecast_put(evl_forecast *f, evl_fit fit, evl_ahead *ahead, void *model, const evl_window *window,
                      evl_out *out) {
  const size_t n = (size_t)f->ahead->n, last = 3 + 3 * n;
  const evl_latent *l = f->latent;
  evl_fit_refuse(out, 1, last + 1);
  evl_put(out, 0, fit);
  if (l->fit != EVL_FIT_DONE) return;
  evl_put(out, 1, l->explained);
  evl_put(out, 2, l->explained_held_out);
  const uint64_t serial = evl_products_serial(f->rivals->products);
  if (f->rivals->serial != serial) {
    f->rivals->serial = serial;
    score_rivals(f, window);
  }
  for (size_t i = 0; i < n; i++) {
    evl_put(out, 3 + n + i, f->rivals->error_var[i]);
    evl_put(out, 3 + 2 * n + i, f->rivals->error_persistence[i]);
  }
  double diverged;
  if (fit != EVL_FIT_DONE || !score(f, ahead, model, f->error, &diverged)) return;
  for (size_t i = 0; i < n; i++) evl_put(out, 3 + i, f->error[i]);
  evl_put(out, last, diverged);
}

double evl_forecast_cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage), v = VAR_ORDER;
  return 6.5e-5 * shape->n_samples * n * n * (v + 1.0) + 20.0 * n * n + 1e-3 * MOST_STARTS * 25.0 * n * n * v;
}

void evl_fit_refuse(evl_out *out, size_t first, size_t end) {
  for (size_t i = first; i < end; i++) {
    out->value[i] = NAN;
    out->why[i] = EVL_WHY_UNCONVERGED;
  }
}
