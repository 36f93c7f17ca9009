/* sindy_flow: what the equations found do: free runs, resting points, linear modes, shrinking of volumes. */
#include <string.h>

#include "sindy_model_priv.h"

enum { SUBSTEPS = 2, MOST_NEWTON = 50 };

/* d theta[i] / dz[v] has `factor` times theta[of]. */
typedef struct slope { int i, v, of; double factor; } slope;

struct evl_sindy_flow {
  const evl_library *library;
  int p, d;
  bool discrete;
  double dt_s;
  const double *w;
  double *theta;             /* [p] */
  double *z, *dz, *work;     /* [d], [d], [3 d] */
  int n_slopes;
  slope *slope;
  double *jacobian;          /* d x d column-major */
  int *pivot;
  double *real, *imaginary, *eigen; /* [d], [d], work */
};

evl_status evl_sindy_flow_plan(const evl_library *library, bool discrete, double dt_s, evl_arena *arena,
                               evl_sindy_flow **flow) {
  evl_sindy_flow *f;
  EVL_NEW(arena, f, 1);
  *f = (evl_sindy_flow){.library = library, .p = evl_library_terms(library), .discrete = discrete, .dt_s = dt_s,
                        .d = evl_library_specification(library)->n_states};
  EVL_NEW(arena, f->theta, f->p);
  EVL_NEW(arena, f->z, f->d);
  EVL_NEW(arena, f->dz, f->d);
  EVL_NEW(arena, f->work, 3 * f->d);
  EVL_NEW(arena, f->jacobian, f->d * f->d);
  EVL_NEW(arena, f->pivot, f->d);
  EVL_NEW(arena, f->real, f->d);
  EVL_NEW(arena, f->imaginary, f->d);
  EVL_NEW(arena, f->eigen, evl_eigenvalues_work(f->d));
  EVL_NEW(arena, f->slope, 2 * f->p * f->d);
  for (int i = 0; i < f->p; i++)
    for (int v = 0; v < f->d; v++) {
      int of[2];
      double factor[2];
      for (int k = 0, n = evl_library_derivative(library, i, v, of, factor); k < n; k++)
        f->slope[f->n_slopes++] = (slope){i, v, of[k], factor[k]};
    }
  *flow = f;
  return EVL_OK;
}

void evl_sindy_flow_set(evl_sindy_flow *f, const double *w) { f->w = w; }

static void flow_at(void *system, int stage, const double *z, double *dz) {
  const evl_sindy_flow *f = system;
  (void)stage;
  evl_library_at(f->library, z, f->theta);
  for (int j = 0; j < f->d; j++) {
    const double *w = f->w + (size_t)j * (size_t)f->p;
    double sum = 0.0;
    for (int i = 0; i < f->p; i++) sum += w[i] * f->theta[i];
    dz[j] = sum;
  }
}

static void step(evl_sindy_flow *f, double *z) {
  if (f->discrete) {
    flow_at(f, 0, z, f->dz);
    memcpy(z, f->dz, (size_t)f->d * sizeof *z);
    return;
  }
  for (int s = 0; s < SUBSTEPS; s++) evl_ode_rk4(flow_at, f, f->d, f->dt_s / SUBSTEPS, z, f->work);
}

static bool is_near(const double *z, int d) {
  for (int j = 0; j < d; j++)
    if (!(fabs(z[j]) <= EVL_DIVERGED_SD)) return false;
  return true;
}

bool evl_sindy_flow_ahead(evl_sindy_flow *f, const double *z, int steps, double *ahead) {
  const size_t bytes = (size_t)f->d * sizeof *z;
  memcpy(f->z, z, bytes);
  for (int h = 0; h < steps; h++) {
    step(f, f->z);
    if (!is_near(f->z, f->d)) return false;
    memcpy(ahead + (size_t)h * (size_t)f->d, f->z, bytes);
  }
  return true;
}

static void find_jacobian(evl_sindy_flow *f, const double *z) {
  const size_t p = (size_t)f->p, d = (size_t)f->d;
  evl_library_at(f->library, z, f->theta);
  memset(f->jacobian, 0, d * d * sizeof(double));
  for (int k = 0; k < f->n_slopes; k++) {
    const slope *s = &f->slope[k];
    const double x = s->factor * f->theta[s->of];
    for (size_t j = 0; j < d; j++) f->jacobian[(size_t)s->v * d + j] += f->w[j * p + (size_t)s->i] * x;
  }
}

static bool find_eigenvalues(evl_sindy_flow *f, const double *z) {
  find_jacobian(f, z);
  for (int k = 0; k < f->d * f->d; k++)
    if (!isfinite(f->jacobian[k])) return false;
  if (evl_eigenvalues(f->d, f->jacobian, f->d, f->real, f->imaginary, f->eigen) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

double evl_sindy_flow_divergence(evl_sindy_flow *f, const double *z) {
  double sum = 0.0;
  if (!f->discrete) {
    find_jacobian(f, z);
    for (int j = 0; j < f->d; j++) sum += f->jacobian[j * f->d + j];
    return sum;
  }
  if (!find_eigenvalues(f, z)) return NAN;
  for (int j = 0; j < f->d; j++) sum += log(hypot(f->real[j], f->imaginary[j]));
  return isfinite(sum) ? sum / f->dt_s : NAN;
}

/* dz := f(z), or f(z) - z of a discrete system; returns its square. */
static double drift(evl_sindy_flow *f, const double *z) {
  double square = 0.0;
  flow_at(f, 0, z, f->dz);
  for (int j = 0; j < f->d; j++) {
    if (f->discrete) f->dz[j] -= z[j];
    square += f->dz[j] * f->dz[j];
  }
  return square;
}

/* One step of Newton, halved until the drift shrinks; false where no such step is found. */
static bool newton(evl_sindy_flow *f, double *z, double *square) {
  const int d = f->d;
  find_jacobian(f, z);
  for (int j = 0; j < d && f->discrete; j++) f->jacobian[j * d + j] -= 1.0;
  drift(f, z);
  memcpy(f->real, f->dz, (size_t)d * sizeof(double));
  if (evl_solve(d, 1, f->jacobian, d, f->pivot, f->real, d) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (double part = 1.0; part > 1e-3; part *= 0.5) {
    for (int j = 0; j < d; j++) f->z[j] = z[j] - part * f->real[j];
    const double now = drift(f, f->z);
    if (!(now < *square)) continue;
    memcpy(z, f->z, (size_t)d * sizeof(double));
    *square = now;
    return true;
  }
  return false;
}

bool evl_sindy_flow_rest(evl_sindy_flow *f, double *z, double most) {
  double first[64], square = drift(f, z), scale = 0.0; /* at most 64 coordinates */
  memcpy(first, z, (size_t)f->d * sizeof *first);
  find_jacobian(f, z);
  for (int k = 0; k < f->d * f->d; k++) scale += f->jacobian[k] * f->jacobian[k];
  for (int i = 0; i < MOST_NEWTON && square > 1e-20 * scale; i++)
    if (!newton(f, z, &square)) break;
  if (!(square <= 1e-16 * scale)) return false;
  double far = 0.0;
  for (int j = 0; j < f->d; j++) far += (z[j] - first[j]) * (z[j] - first[j]);
  return far <= most * most;
}

int evl_sindy_flow_modes(evl_sindy_flow *f, const double *z, double *real, double *imaginary) {
  int n = 0;
  if (!find_eigenvalues(f, z)) return 0;
  for (int k = 0; k < f->d; k++) {
    double re = f->real[k], im = f->imaginary[k];
    if (im < 0.0) continue;
    if (f->discrete) {
      const double size = hypot(re, im), angle = atan2(im, re);
      if (!(size > 0.0)) continue; /* gone in one step */
      re = log(size) / f->dt_s;
      im = angle / f->dt_s;
    }
    int at = n++;
    for (; at > 0 && real[at - 1] < re; at--) {
      real[at] = real[at - 1];
      imaginary[at] = imaginary[at - 1];
    }
    real[at] = re;
    imaginary[at] = im;
  }
  return n;
}
