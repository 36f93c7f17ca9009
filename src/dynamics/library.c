/* library: terms of a state. Variables are the coordinates, their delays, then inputs; terms are the polynomials of
   all variables in graded order, then sin(k v), cos(k v), then these times each variable. Every product has one factor
   that is a variable and one that is an earlier term: one multiplication a sample, in slices that stay in the cache. */
#include <string.h>

#include "sindy_priv.h"

enum { CONSTANT, VARIABLE, PRODUCT, SINE, COSINE, SLICE = 64, MOST_TERMS = 4096 };

typedef struct term {
  int kind;
  int degree;   /* of a monomial */
  int of;       /* SINE, COSINE: variable; PRODUCT: the earlier term */
  int variable; /* VARIABLE, PRODUCT */
  int k;        /* SINE, COSINE: how many times the variable */
  const char *name;
} term;

struct evl_library {
  evl_library_spec spec;
  int n_variables, n_terms;
  const char **variable; /* names */
  term *term;
  int (*list)[EVL_MOST_DEGREE]; /* [term] variables of a monomial in ascending order */
};

int evl_library_variables(const evl_library *l) { return l->n_variables; }
int evl_library_terms(const evl_library *l) { return l->n_terms; }
const evl_library_spec *evl_library_specification(const evl_library *l) { return &l->spec; }
const char *evl_library_name(const evl_library *l, int i) { return l->term[i].name; }

/* C(n + degree, degree) - 1: monomials of degree 1 up. */
static double monomials(int n, int degree) {
  double count = 1.0;
  for (int k = 1; k <= degree; k++) count = count * (n + k) / k;
  return count - 1.0;
}

static evl_status name_variables(evl_library *l, evl_arena *arena) {
  const evl_library_spec *s = &l->spec;
  EVL_NEW(arena, l->variable, l->n_variables);
  const int delayed = s->n_states * (s->n_delays + 1);
  for (int v = 0; v < l->n_variables; v++) {
    const int row = v < delayed ? v % s->n_states : s->n_states + v - delayed, back = v < delayed ? v / s->n_states : 0;
    const char *name = s->names            ? evl_arena_text(arena, s->names[row])
                       : row < s->n_states ? evl_arena_format(arena, "x%d", row)
                                           : evl_arena_format(arena, "u%d", row - s->n_states);
    if (name && back) name = evl_arena_format(arena, "%s(t-%d)", name, back * s->delay);
    if (!(l->variable[v] = name)) return EVL_MEMORY;
  }
  return EVL_OK;
}

/* "x0 x1^2" of the variables of a monomial in ascending order. */
static const char *monomial_name(const evl_library *l, const int *v, int degree, evl_arena *arena) {
  const char *name = "";
  for (int i = 0, n; i < degree && name; i += n) {
    for (n = 1; i + n < degree && v[i + n] == v[i];) n++;
    const char *space = i ? " " : "", *factor = l->variable[v[i]];
    name = n == 1 ? evl_arena_format(arena, "%s%s%s", name, space, factor)
                  : evl_arena_format(arena, "%s%s%s^%d", name, space, factor, n);
  }
  return name;
}

static evl_status put(evl_library *l, term t) {
  if (!t.name) return EVL_MEMORY;
  l->term[l->n_terms++] = t;
  return EVL_OK;
}

/* Monomials of one degree from those of the degree below, [below, end), with their variables in list[term][degree]. */
static evl_status put_degree(evl_library *l, int degree, int below, evl_arena *arena) {
  const int end = l->n_terms;
  if (degree == 1) {
    for (int v = 0; v < l->n_variables; v++) {
      l->list[l->n_terms][0] = v;
      EVL_TRY(put(l, (term){.kind = VARIABLE, .degree = 1, .variable = v,
                            .name = evl_arena_text(arena, l->variable[v])}));
    }
    return EVL_OK;
  }
  for (int i = below; i < end; i++)
    for (int v = l->list[i][degree - 2]; v < l->n_variables; v++) {
      int *mine = l->list[l->n_terms];
      memcpy(mine, l->list[i], (size_t)(degree - 1) * sizeof *mine);
      mine[degree - 1] = v;
      EVL_TRY(put(l, (term){.kind = PRODUCT, .degree = degree, .of = i, .variable = v,
                            .name = monomial_name(l, mine, degree, arena)}));
    }
  return EVL_OK;
}

static evl_status put_waves(evl_library *l, evl_arena *arena) {
  const int first = l->n_terms;
  for (int k = 1; k <= l->spec.n_frequencies; k++)
    for (int v = 0; v < l->n_variables; v++)
      for (int kind = SINE; kind <= COSINE; kind++) {
        const char *word = kind == SINE ? "sin" : "cos", *name = l->variable[v];
        name = k == 1 ? evl_arena_format(arena, "%s(%s)", word, name)
                      : evl_arena_format(arena, "%s(%d %s)", word, k, name);
        EVL_TRY(put(l, (term){.kind = kind, .of = v, .k = k, .name = name}));
      }
  if (!l->spec.products) return EVL_OK;
  for (int i = first, end = l->n_terms; i < end; i++)
    for (int v = 0; v < l->n_variables; v++)
      EVL_TRY(put(l, (term){.kind = PRODUCT, .of = i, .variable = v,
                            .name = evl_arena_format(arena, "%s %s", l->variable[v], l->term[i].name)}));
  return EVL_OK;
}

evl_status evl_library_plan(const evl_library_spec *spec, evl_arena *arena, evl_library **library) {
  evl_library *l;
  EVL_NEW(arena, l, 1);
  l->spec = *spec;
  l->n_variables = spec->n_states * (spec->n_delays + 1) + spec->n_inputs;
  const double waves = 2.0 * spec->n_frequencies * l->n_variables;
  const double n_terms = (spec->constant ? 1.0 : 0.0) + monomials(l->n_variables, spec->degree) +
                         waves * (spec->products ? 1.0 + l->n_variables : 1.0);
  if (spec->degree > EVL_MOST_DEGREE || n_terms > MOST_TERMS || n_terms < 1.0)
    return evl_fail(EVL_USAGE, "library: expected a degree up to %d and 1 to %d terms, found degree %d, %.0f terms",
                    EVL_MOST_DEGREE, MOST_TERMS, spec->degree, n_terms);
  EVL_NEW(arena, l->term, n_terms);
  EVL_TRY(name_variables(l, arena));
  if (spec->constant) EVL_TRY(put(l, (term){.kind = CONSTANT, .name = evl_arena_text(arena, "1")}));
  EVL_NEW(arena, l->list, n_terms);
  for (int degree = 1, below = 0; degree <= spec->degree; degree++) {
    const int first = l->n_terms;
    EVL_TRY(put_degree(l, degree, below, arena));
    below = first;
  }
  EVL_TRY(put_waves(l, arena));
  *library = l;
  return EVL_OK;
}

/* Where samples of variable v begin. */
static const double *row_of(const evl_library *l, const double *z, size_t ld, int v) {
  const evl_library_spec *s = &l->spec;
  const int delayed = s->n_states * (s->n_delays + 1);
  if (v >= delayed) return z + (size_t)(s->n_states + v - delayed) * ld;
  return z + (size_t)(v % s->n_states) * ld - (ptrdiff_t)(v / s->n_states) * s->delay;
}

static void multiply(const double *restrict a, const double *restrict b, int n, double *restrict out) {
  for (int i = 0; i < n; i++) out[i] = a[i] * b[i];
}

static void fill(const term *t, const double *variable, const double *earlier, int n, double *restrict out) {
  switch (t->kind) {
  case CONSTANT: for (int i = 0; i < n; i++) out[i] = 1.0; break;
  case VARIABLE: memcpy(out, variable, (size_t)n * sizeof *out); break;
  case PRODUCT: multiply(earlier, variable, n, out); break;
  case SINE: for (int i = 0; i < n; i++) out[i] = sin(t->k * variable[i]); break;
  default: for (int i = 0; i < n; i++) out[i] = cos(t->k * variable[i]);
  }
}

void evl_library_rows(const evl_library *l, const double *z, size_t ld, int first, int n, double *theta,
                      size_t ld_theta) {
  for (int at = 0; at < n; at += SLICE) {
    const int m = n - at < SLICE ? n - at : SLICE;
    for (int i = 0; i < l->n_terms; i++) {
      const term *t = &l->term[i];
      const int v = t->kind == SINE || t->kind == COSINE ? t->of : t->variable;
      fill(t, row_of(l, z, ld, v) + first + at, theta + (size_t)t->of * ld_theta + at, m,
           theta + (size_t)i * ld_theta + at);
    }
  }
}

void evl_library_at(const evl_library *l, const double *state, double *theta) {
  for (int i = 0; i < l->n_terms; i++) {
    const term *t = &l->term[i];
    switch (t->kind) {
    case CONSTANT: theta[i] = 1.0; break;
    case VARIABLE: theta[i] = state[t->variable]; break;
    case PRODUCT: theta[i] = theta[t->of] * state[t->variable]; break;
    case SINE: theta[i] = sin(t->k * state[t->of]); break;
    default: theta[i] = cos(t->k * state[t->of]);
    }
  }
}

/* The monomial of these variables; -1: not in the library. */
static int find_monomial(const evl_library *l, const int *list, int degree) {
  for (int i = 0; i < l->n_terms; i++) {
    const term *t = &l->term[i];
    if (degree == 0 ? t->kind == CONSTANT
                    : t->degree == degree && !memcmp(l->list[i], list, (size_t)degree * sizeof *list)) return i;
  }
  return -1;
}

/* sin(k v) or cos(k v), or the product of this one with a variable (-1: none). */
static int find_wave(const evl_library *l, int kind, int of, int k, int variable) {
  int wave = 0;
  while (l->term[wave].kind != kind || l->term[wave].of != of || l->term[wave].k != k) wave++;
  if (variable < 0) return wave;
  int i = wave + 1;
  while (l->term[i].kind != PRODUCT || l->term[i].of != wave || l->term[i].variable != variable) i++;
  return i;
}

static int derivative_of_monomial(const evl_library *l, int i, int v, int *of, double *factor) {
  const term *t = &l->term[i];
  int rest[EVL_MOST_DEGREE], n = 0, power = 0;
  for (int m = 0; m < t->degree; m++) {
    if (l->list[i][m] == v && power++ == 0) continue;
    rest[n++] = l->list[i][m];
  }
  if (power == 0 || (*of = find_monomial(l, rest, n)) < 0) return 0;
  *factor = power;
  return 1;
}

int evl_library_derivative(const evl_library *l, int i, int v, int of[2], double factor[2]) {
  const term *t = &l->term[i];
  if (t->kind == CONSTANT) return 0;
  if (t->degree > 0) return derivative_of_monomial(l, i, v, of, factor);
  const bool product = t->kind == PRODUCT;
  const term *wave = product ? &l->term[t->of] : t;
  int n = 0;
  if (product && t->variable == v) {
    of[n] = t->of;
    factor[n++] = 1.0;
  }
  if (wave->of == v) {
    const bool sine = wave->kind == SINE;
    of[n] = find_wave(l, sine ? COSINE : SINE, wave->of, wave->k, product ? t->variable : -1);
    factor[n++] = sine ? wave->k : -wave->k;
  }
  return n;
}
