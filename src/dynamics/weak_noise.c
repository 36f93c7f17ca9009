/* weak_noise: what white noise in the state adds to sums of products of terms, and its removal.

   With D_v the matrix of d/dv in the library and T = exp(-1/2 sum_v s_v^2 D_v^2), the terms T theta(y) are unbiased.
   Of the products of two terms at one sample, E[T theta(y) theta(y)' T'] = exp(L) applied to theta(x) theta(x)', where
   L C = sum_v s_v^2 D_v C D_v', because noise smooths a function by exp(1/2 s^2 d^2/dv^2) and the mixed part of the
   second derivative of a product is L. So a Gram g of windows with weights phi becomes T g T' - (1 - exp(-L)) T q T',
   with q the samples' Gram under sum over windows of phi^2. Products of rows and targets need no such part: phi phi'
   is odd, and summed over windows each sample has it 0. Series of exponentials end for polynomials and are cut for
   waves. */
#include <string.h>

#include "weak_priv.h"

enum { MOST_ORDER = 16, MOST_DIFFERENCES = 10 };

/* d/dv or d2/dv2 of term i has `factor` times term `of`. */
typedef struct entry { int i, of; double factor; } entry;
typedef struct operator { int n; entry *entry; } operator;

struct evl_noise {
  int p, n_variables;
  operator *first, *second;  /* [variable] */
  const int *row;            /* [variable] of z */
  double *variance;          /* [variable] */
  double *term, *next;       /* [columns][p] of a series of powers */
};

static int add_second(const evl_library *library, int i, int v, entry *to) {
  int of[2], deeper[2], n = 0;
  double factor[2], inner[2];
  for (int a = 0, na = evl_library_derivative(library, i, v, of, factor); a < na; a++)
    for (int b = 0, nb = evl_library_derivative(library, of[a], v, deeper, inner); b < nb; b++)
      to[n++] = (entry){i, deeper[b], factor[a] * inner[b]};
  return n;
}

evl_status evl_noise_plan(const evl_library *library, evl_arena *arena, evl_noise **noise) {
  const evl_library_spec *spec = evl_library_specification(library);
  evl_noise *e;
  EVL_NEW(arena, e, 1);
  e->p = evl_library_terms(library);
  e->n_variables = evl_library_variables(library);
  EVL_NEW(arena, e->first, e->n_variables);
  EVL_NEW(arena, e->second, e->n_variables);
  EVL_NEW(arena, e->variance, e->n_variables);
  const size_t columns = (size_t)(e->p > e->n_variables ? e->p : e->n_variables);
  EVL_NEW(arena, e->term, (size_t)e->p * columns);
  EVL_NEW(arena, e->next, (size_t)e->p * columns);
  int *row;
  EVL_NEW(arena, row, e->n_variables);
  const int delayed = spec->n_states * (spec->n_delays + 1);
  for (int v = 0; v < e->n_variables; v++) {
    row[v] = v < delayed ? v % spec->n_states : spec->n_states + v - delayed;
    EVL_NEW(arena, e->first[v].entry, 2 * e->p);
    EVL_NEW(arena, e->second[v].entry, 4 * e->p);
    for (int i = 0; i < e->p; i++) {
      int of[2];
      double factor[2];
      for (int a = 0, n = evl_library_derivative(library, i, v, of, factor); a < n; a++)
        e->first[v].entry[e->first[v].n++] = (entry){i, of[a], factor[a]};
      e->second[v].n += add_second(library, i, v, e->second[v].entry + e->second[v].n);
    }
  }
  e->row = row;
  *noise = e;
  return EVL_OK;
}

void evl_noise_set(evl_noise *e, const double *noise_sd) {
  for (int v = 0; v < e->n_variables; v++) e->variance[v] = noise_sd[e->row[v]] * noise_sd[e->row[v]];
}

static bool any(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (x[i] != 0.0) return true;
  return false;
}

/* x := T x, for columns of p terms x[column][p]. */
static void unbias(evl_noise *e, double *x, int columns) {
  const size_t p = (size_t)e->p, n = p * (size_t)columns;
  double *term = e->term, *next = e->next;
  memcpy(term, x, n * sizeof *x);
  for (int r = 1; r <= MOST_ORDER; r++) {
    memset(next, 0, n * sizeof *next);
    for (int v = 0; v < e->n_variables; v++)
      for (int m = 0; m < e->second[v].n; m++) {
        const entry *s = &e->second[v].entry[m];
        const double factor = -0.5 * e->variance[v] * s->factor / r;
        for (size_t c = 0; c < n; c += p) next[c + (size_t)s->i] += factor * term[c + (size_t)s->of];
      }
    if (!any(next, n)) return;
    for (size_t i = 0; i < n; i++) x[i] += next[i];
    double *swap = term;
    term = next;
    next = swap;
  }
}

static void transpose(double *x, int p) {
  for (int i = 0; i < p; i++)
    for (int j = 0; j < i; j++) {
      const double t = x[i * p + j];
      x[i * p + j] = x[j * p + i];
      x[j * p + i] = t;
    }
}

static void unbias_both(evl_noise *e, double *x) {
  unbias(e, x, e->p);
  transpose(x, e->p);
  unbias(e, x, e->p);
}

/* next := L term */
static void mix(const evl_noise *e, const double *term, double *next) {
  const size_t p = (size_t)e->p;
  memset(next, 0, p * p * sizeof *next);
  for (int v = 0; v < e->n_variables; v++)
    for (int a = 0; a < e->first[v].n; a++) {
      const entry *s = &e->first[v].entry[a];
      const double *from = term + (size_t)s->of * p;
      double *to = next + (size_t)s->i * p;
      for (int b = 0; b < e->first[v].n; b++) {
        const entry *t = &e->first[v].entry[b];
        to[t->i] += e->variance[v] * s->factor * t->factor * from[t->of];
      }
    }
}

void evl_noise_correct(evl_noise *e, evl_gram *gram, double *samples) {
  const size_t n = (size_t)e->p * (size_t)e->p;
  unbias_both(e, gram->g);
  unbias(e, gram->b, gram->d);
  unbias_both(e, samples);
  double *term = samples, *next = e->next;
  for (int r = 1; r <= MOST_ORDER; r++) {
    mix(e, term, next);
    for (size_t i = 0; i < n; i++) next[i] *= -1.0 / r;
    if (!any(next, n)) return;
    for (size_t i = 0; i < n; i++) gram->g[i] += next[i];
    double *swap = term;
    term = next;
    next = swap;
  }
}

double evl_noise_sd(const double *z, int n) {
  double least = INFINITY, binomial[MOST_DIFFERENCES + 1] = {1.0};
  for (int q = 1; q <= MOST_DIFFERENCES && n > 4 * q; q++) {
    double norm = 0.0, sum = 0.0;
    for (int i = q; i > 0; i--) binomial[i] = binomial[i - 1] - binomial[i];
    binomial[0] = -binomial[0];
    for (int i = 0; i <= q; i++) norm += binomial[i] * binomial[i];
    for (int t = 0; t + q < n; t++) {
      double difference = 0.0;
      for (int i = 0; i <= q; i++) difference += binomial[i] * z[t + i];
      sum += difference * difference;
    }
    least = fmin(least, sum / (norm * (n - q)));
  }
  return sqrt(least);
}
