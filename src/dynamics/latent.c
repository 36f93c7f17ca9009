/* latent: from channels to the coordinates in which a model lives. */
#include <string.h>

#include "fit_priv.h"

enum { PCA, REGIONS, CHANNELS, DELAYS, HANKEL };

typedef struct spec {
  int kind, n, delay, rows, n_train, gap;
  evl_key regions; /* of names and patterns */
} spec;

typedef struct evl_latent_make {
  spec spec;
  const evl_value *regions;
  const evl_montage *montage;
  uint64_t serial;
  evl_products *products;
  int n_window;          /* samples */
  size_t ld_x;
  double *x;             /* [n_channels][ld_x] standardised */
  int n_used, *used;
  double *gram;          /* n_channels^2, then vectors; or rows^2 */
  double *value, *work;  /* eigenvalues */
  double *component;     /* [n_window] the first one */
  double *cross, *own;   /* n x n_channels, n x n: the regression on coordinates */
} make;

static int kind_of(const evl_params *p) {
  static const char *const word[] = {"pca", "regions", "channels", "delays", "hankel"};
  int kind = 0;
  while (strcmp(evl_params_string(p, "latent"), word[kind])) kind++;
  return kind;
}

int evl_latent_dimension(const evl_params *p, const evl_montage *montage) {
  const int kind = kind_of(p);
  return kind == CHANNELS  ? montage->n
         : kind == REGIONS ? evl_pattern_names(evl_params_value(p, "latent_regions"))
                           : (int)evl_params_int(p, "dimension");
}

static evl_status plan_make(make *m, const evl_shape *shape, evl_arena *arena) {
  const size_t c = (size_t)shape->n_channels, n = (size_t)m->spec.n;
  const size_t order = m->spec.kind == HANKEL && (size_t)m->spec.rows > c ? (size_t)m->spec.rows : c;
  m->n_window = shape->n_samples;
  m->ld_x = ((size_t)shape->n_samples + 7) / 8 * 8;
  EVL_NEW(arena, m->x, c * m->ld_x);
  EVL_NEW(arena, m->used, c);
  EVL_NEW(arena, m->gram, order * order);
  EVL_NEW(arena, m->value, order);
  EVL_NEW(arena, m->work, evl_symmetric_work((int)order));
  EVL_NEW(arena, m->component, shape->n_samples);
  EVL_NEW(arena, m->cross, n * c);
  EVL_NEW(arena, m->own, n * n);
  return EVL_OK;
}

static int span_of(const spec *s) { return s->kind == DELAYS ? (s->n - 1) * s->delay : s->kind == HANKEL ? s->rows - 1 : 0; }

static evl_key regions_key(const evl_value *regions) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int i = 0; i < regions->n; i++) {
    evl_sha256_text(&hash, regions->patterns[i].name);
    evl_sha256_text(&hash, regions->patterns[i].pattern);
  }
  return evl_sha256_key(&hash);
}

evl_status evl_latent_plan(const evl_params *p, const evl_shape *shape, const char *entry, evl_products *products,
                           evl_arena *arena, evl_latent **latent) {
  spec s;
  memset(&s, 0, sizeof s);
  s.kind = kind_of(p);
  s.n = evl_latent_dimension(p, shape->montage);
  if (s.kind == PCA && s.n > shape->n_channels)
    return evl_fail(EVL_USAGE, "%s.dimension: expected at most the number of channels, %d, found %d", entry,
                    shape->n_channels, s.n);
  if (s.kind == HANKEL) s.rows = (int)evl_params_int(p, "hankel_rows");
  if (s.kind == HANKEL && s.n > s.rows)
    return evl_fail(EVL_USAGE, "%s.dimension: expected at most hankel_rows, %d, found %d", entry, s.rows, s.n);
  if (s.kind == DELAYS) s.delay = (int)fmax(1.0, round(evl_params_real(p, "delay_s") * shape->fs_hz));
  if (s.kind == REGIONS) s.regions = regions_key(evl_params_value(p, "latent_regions"));
  s.n_train = (int)(evl_params_real(p, "train_share") * shape->n_samples);
  s.gap = (int)round(evl_params_real(p, "gap_s") * shape->fs_hz);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "latent", &s, sizeof s, arena, &product));
  if ((*latent = product->own)) return EVL_OK;
  evl_latent *l;
  EVL_NEW(arena, l, 1);
  EVL_NEW(arena, l->make, 1);
  *l->make = (make){.spec = s, .regions = evl_params_value(p, "latent_regions"), .montage = shape->montage,
                    .products = products};
  const int span = span_of(&s);
  l->n = s.n;
  l->fs_hz = shape->fs_hz;
  l->n_samples = shape->n_samples > span ? shape->n_samples - span : 0;
  l->n_train = s.n_train > span ? s.n_train - span : 0;
  l->first_test = s.n_train + s.gap; /* the delays of its first state lie behind the gap */
  if (l->first_test > l->n_samples) l->first_test = l->n_samples;
  l->ld = ((size_t)shape->n_samples + 7) / 8 * 8;
  EVL_NEW(arena, l->z, (size_t)l->n * l->ld);
  EVL_NEW(arena, l->sd, l->n);
  EVL_NEW(arena, l->weight, l->n * shape->n_channels);
  EVL_NEW(arena, l->channel_mean, shape->n_channels);
  EVL_NEW(arena, l->channel_sd, shape->n_channels);
  EVL_TRY(plan_make(l->make, shape, arena));
  product->own = *latent = l;
  return EVL_OK;
}

/* Channels that move in the training part, less their mean, over their sd. */
static void standardise(evl_latent *l, const evl_window *window) {
  make *m = l->make;
  const size_t n_train = (size_t)m->spec.n_train;
  m->n_used = 0;
  for (int c = 0; c < window->n_channels; c++) {
    const double *x = window->x + (size_t)c * window->ld;
    if (window->channel_why[c] != 0 || evl_is_flat(x, n_train)) continue;
    const double mean = evl_mean(x, n_train), sd = sqrt(evl_variance(x, n_train, 0));
    if (!isfinite(sd) || !(sd > 0.0)) continue;
    double *to = m->x + (size_t)m->n_used * m->ld_x;
    for (int t = 0; t < m->n_window; t++) to[t] = (x[t] - mean) / sd;
    m->used[m->n_used++] = c;
    l->channel_mean[c] = mean;
    l->channel_sd[c] = sd;
  }
}

/* Makes row `to` = sum of weights times channels. */
static void mix(const make *m, const double *weight, double *to) {
  memset(to, 0, (size_t)m->n_window * sizeof *to);
  for (int i = 0; i < m->n_used; i++) {
    const double w = weight[m->used[i]], *x = m->x + (size_t)i * m->ld_x;
    if (w != 0.0)
      for (int t = 0; t < m->n_window; t++) to[t] += w * x[t];
  }
}

/* Vectors in gram, values ascending; false where they do not come. */
static bool eigen(make *m, int n) {
  if (evl_symmetric(n, m->gram, n, m->value, m->work) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

/* Signs are free: the weights sum to something positive. */
static double sign_of(const double *vector, int n) {
  double sum = 0.0, most = 0.0;
  for (int i = 0; i < n; i++) {
    sum += vector[i];
    most = fmax(most, fabs(vector[i]));
  }
  if (fabs(sum) > 1e-9 * most) return sum < 0.0 ? -1.0 : 1.0;
  for (int i = 0; i < n; i++)
    if (fabs(vector[i]) > 0.5 * most) return vector[i] < 0.0 ? -1.0 : 1.0;
  return 1.0;
}

/* The leading components into weight [n][n_channels]; RANK where there are fewer. */
static evl_fit components(make *m, int n, int n_channels, double *weight) {
  const int c = m->n_used;
  if (c < n) return EVL_FIT_CONSTANT;
  evl_gemm(true, false, c, c, m->spec.n_train, 1.0 / m->spec.n_train, m->x, (int)m->ld_x, m->x, (int)m->ld_x, 0.0,
           m->gram, c);
  if (!eigen(m, c)) return EVL_FIT_UNSETTLED;
  if (!(m->value[c - n] > 1e-9 * m->value[c - 1])) return EVL_FIT_RANK;
  memset(weight, 0, (size_t)n * (size_t)n_channels * sizeof *weight);
  for (int i = 0; i < n; i++) {
    const double *vector = m->gram + (size_t)(c - 1 - i) * (size_t)c, sign = sign_of(vector, c);
    for (int k = 0; k < c; k++) weight[i * n_channels + m->used[k]] = sign * vector[k];
  }
  return EVL_FIT_DONE;
}

static evl_fit regions(evl_latent *l, int n_channels) {
  make *m = l->make;
  memset(l->weight, 0, (size_t)l->n * (size_t)n_channels * sizeof *l->weight);
  for (int i = 0; i < m->n_used; i++) {
    const evl_pattern *p = evl_pattern_find(m->regions, m->montage->name[m->used[i]]);
    if (p) l->weight[p->name_index * n_channels + m->used[i]] = 1.0;
  }
  for (int r = 0; r < l->n; r++) {
    double sum = 0.0, *w = l->weight + (size_t)r * (size_t)n_channels;
    for (int c = 0; c < n_channels; c++) sum += w[c];
    if (!(sum > 0.0)) return EVL_FIT_CONSTANT;
    for (int c = 0; c < n_channels; c++) w[c] /= sum;
  }
  return EVL_FIT_DONE;
}

static evl_fit channels(evl_latent *l, int n_channels) {
  if (l->make->n_used < n_channels) return EVL_FIT_CONSTANT;
  memset(l->weight, 0, (size_t)l->n * (size_t)n_channels * sizeof *l->weight);
  for (int c = 0; c < n_channels; c++) l->weight[c * n_channels + c] = 1.0;
  return EVL_FIT_DONE;
}

static evl_fit delays(evl_latent *l) {
  const make *m = l->make;
  for (int i = 0; i < l->n; i++)
    memcpy(l->z + (size_t)i * l->ld, m->component + (l->n - 1 - i) * m->spec.delay,
           (size_t)l->n_samples * sizeof(double));
  return EVL_FIT_DONE;
}

/* Rows of delays of the component, most recent first, times the leading left singular vectors. */
static evl_fit hankel(evl_latent *l) {
  make *m = l->make;
  const int rows = m->spec.rows, last = rows - 1;
  for (int a = 0; a < rows; a++)
    for (int b = a; b < rows; b++) {
      double sum = 0.0;
      for (int t = 0; t < l->n_train; t++) sum += m->component[t + last - a] * m->component[t + last - b];
      m->gram[a * rows + b] = m->gram[b * rows + a] = sum / l->n_train;
    }
  if (!eigen(m, rows)) return EVL_FIT_UNSETTLED;
  if (!(m->value[rows - l->n] > 1e-13 * m->value[last])) return EVL_FIT_RANK;
  for (int i = 0; i < l->n; i++) {
    const double *vector = m->gram + (size_t)(last - i) * (size_t)rows, sign = sign_of(vector, rows);
    double *z = l->z + (size_t)i * l->ld;
    memset(z, 0, (size_t)l->n_samples * sizeof *z);
    for (int a = 0; a < rows; a++)
      for (int t = 0; t < l->n_samples; t++) z[t] += sign * vector[a] * m->component[t + last - a];
  }
  return EVL_FIT_DONE;
}

/* Share of the channels' variance in [first, end) that the regression learned in the training part leaves out. */
static double unexplained(const evl_latent *l, int offset, int first, int end) {
  const make *m = l->make;
  double left = 0.0, all = 0.0;
  for (int c = 0; c < m->n_used; c++) {
    const double *x = m->x + (size_t)c * m->ld_x + offset, *b = m->cross + (size_t)c * (size_t)l->n;
    for (int t = first; t < end; t++) {
      double e = x[t];
      for (int i = 0; i < l->n; i++) e -= b[i] * l->z[(size_t)i * l->ld + (size_t)t];
      left += e * e;
      all += x[t] * x[t];
    }
  }
  return left / all;
}

static void explain(evl_latent *l) {
  make *m = l->make;
  const int offset = m->n_window - l->n_samples, n = l->n;
  l->explained = l->explained_held_out = NAN;
  evl_gemm(true, false, n, n, l->n_train, 1.0 / l->n_train, l->z, (int)l->ld, l->z, (int)l->ld, 0.0, m->own, n);
  evl_gemm(true, false, n, m->n_used, l->n_train, 1.0 / l->n_train, l->z, (int)l->ld, m->x + offset, (int)m->ld_x, 0.0,
           m->cross, n);
  for (int i = 0; i < n; i++) m->own[i * n + i] += 1e-10;
  if (evl_cholesky(n, m->own, n) != EVL_OK) {
    evl_error_clear();
    return;
  }
  evl_cholesky_solve(n, m->n_used, m->own, n, m->cross, n);
  l->explained = 1.0 - unexplained(l, offset, 0, l->n_train);
  if (l->first_test < l->n_samples) l->explained_held_out = 1.0 - unexplained(l, offset, l->first_test, l->n_samples);
}

static evl_fit scale(evl_latent *l) {
  for (int i = 0; i < l->n; i++) {
    double *z = l->z + (size_t)i * l->ld;
    const size_t n_train = (size_t)l->n_train;
    if (evl_is_flat(z, n_train)) return EVL_FIT_CONSTANT;
    const double mean = evl_mean(z, n_train), sd = l->sd[i] = sqrt(evl_variance(z, n_train, 0));
    if (!(sd > 0.0) || !isfinite(sd)) return EVL_FIT_CONSTANT;
    for (int t = 0; t < l->n_samples; t++) z[t] = (z[t] - mean) / sd;
  }
  return EVL_FIT_DONE;
}

static evl_fit find(evl_latent *l, const evl_window *window) {
  enum { FEWEST = 16 };
  make *m = l->make;
  const int kind = m->spec.kind, c = window->n_channels;
  if (l->n_train < FEWEST) return EVL_FIT_SHORT;
  standardise(l, window);
  if (m->n_used == 0) return EVL_FIT_CONSTANT;
  evl_fit fit = kind == REGIONS    ? regions(l, c)
                : kind == CHANNELS ? channels(l, c)
                                   : components(m, kind == PCA ? l->n : 1, c, l->weight);
  if (fit != EVL_FIT_DONE) return fit;
  if (kind == DELAYS || kind == HANKEL) {
    mix(m, l->weight, m->component);
    fit = kind == DELAYS ? delays(l) : hankel(l);
  } else {
    for (int i = 0; i < l->n; i++) mix(m, l->weight + (size_t)i * (size_t)c, l->z + (size_t)i * l->ld);
  }
  if (fit == EVL_FIT_DONE) fit = scale(l);
  if (fit == EVL_FIT_DONE) explain(l);
  return fit;
}

evl_fit evl_latent_find(evl_latent *l, const evl_window *window) {
  const uint64_t serial = evl_products_serial(l->make->products);
  if (l->make->serial != serial) {
    l->make->serial = serial;
    l->explained = l->explained_held_out = NAN;
    l->fit = find(l, window);
  }
  return l->fit;
}

double evl_latent_cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage), c = shape->n_channels;
  return 1e-3 * shape->n_samples * c * (3.0 + 0.1 * c + n);
}
