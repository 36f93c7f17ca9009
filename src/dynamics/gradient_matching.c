/* gradient_matching: an oscillator for each latent coordinate, along spline paths over short pieces. */
#include <string.h>

#include "profiling_priv.h"

enum { DEGREE = 3, OBSERVED = 1 };

/* The coordinate is the first state; the second begins from its slope, as if the oscillator were linear. */
typedef struct oscillator {
  const evl_ode *ode;
  double slope_sign; /* of the second state: x' = sign w y there */
  int growth, frequency, saturation, shear; /* numbers of its parameters; -1: 0 by definition */
} oscillator;
static const oscillator oscillators[] = {{&evl_ode_linear, -1.0, 0, 1, -1, -1},
                                         {&evl_ode_stuart_landau, -1.0, 0, 1, 2, 3},
                                         {&evl_ode_van_der_pol, 1.0, 0, 1, 2, -1},
                                         {&evl_ode_duffing, 1.0, 0, 1, -1, 2}};
#define SYSTEMS "linear|stuart_landau|van_der_pol|duffing"

typedef struct kernel {
  const oscillator *oscillator;
  const evl_value *coordinate;
  evl_latent *latent;
  evl_forecast *forecast;
  int piece, past, n_pieces;                /* samples; pieces of the training part */
  int *first;                               /* [n_pieces] samples where they begin */
  evl_profile *profile;
  evl_path *before;                         /* the path of `past` samples before a forecast */
  double *c;                                /* its coefficients */
  double *through;                          /* [2][samples of a piece] */
  double work[6];
  size_t first_output;                      /* behind those of the forecast */
  /* [coordinates] of the fit */
  double *theta, *sd;                       /* [coordinates][parameters] */
  double *weight, *noise;
} kernel;

static const evl_param params[] = {
    EVL_LATENT_PARAMS("3"),
    EVL_FORECAST_PARAMS,
    {"system", EVL_STRING, "\"linear\"", 0, 0, SYSTEMS, "", "Equations of the oscillator of a coordinate."},
    {"piece_s", EVL_REAL, "1.5", 0.25, 60.0, NULL, "s", "Length of a piece with a start of its own."},
    {"past_s", EVL_REAL, "0.5", 0.05, 60.0, NULL, "s", "What a forecast's state is estimated from."},
    {"knot_s", EVL_REAL, "0.012", 1e-3, 1.0, NULL, "s",
     "Between knots of the spline, which follows periods down to twice that."},
    {"coordinate", EVL_REALS, "(1, 2, 3)", 1, 64, NULL, "1", "Which coordinates have columns."},
    {0}};

static const evl_output outputs[] = {
    EVL_FORECAST_OUTPUTS,
    {"growth", EVL_PER_WINDOW, "coordinate", false, "1/s", -INFINITY, INFINITY,
     "Rate of growth near the origin, g; negative: damped."},
    {"growth_sd", EVL_PER_WINDOW, "coordinate", false, "1/s", 0.0, INFINITY, "Its standard error."},
    {"frequency", EVL_PER_WINDOW, "coordinate", false, "Hz", 0.0, INFINITY, "Frequency near the origin, w / 2 pi."},
    {"frequency_sd", EVL_PER_WINDOW, "coordinate", false, "Hz", 0.0, INFINITY, "Its standard error."},
    {"saturation", EVL_PER_WINDOW, "coordinate", false, "1/s", -INFINITY, INFINITY,
     "Loss of growth with the squared amplitude in variances of the coordinate, s; 0 by definition for linear and duffing."},
    {"saturation_sd", EVL_PER_WINDOW, "coordinate", false, "1/s", 0.0, INFINITY, "Its standard error."},
    {"shear", EVL_PER_WINDOW, "coordinate", false, "rad/s", -INFINITY, INFINITY,
     "Rise of the frequency with the squared amplitude, h, or the cubic force of duffing, k; 0 for linear and "
     "van_der_pol."},
    {"shear_sd", EVL_PER_WINDOW, "coordinate", false, "rad/s", 0.0, INFINITY, "Its standard error."},
    {"drive", EVL_PER_WINDOW, "coordinate", false, "1/s", 0.0, INFINITY,
     "Noise that drives the equations: variance a second, in variances of the coordinate."},
    {"noise", EVL_PER_WINDOW, "coordinate", false, "1", 0.0, INFINITY,
     "Variance of the noise beside the path, in variances of the coordinate."},
    {0}};

static const oscillator *oscillator_of(const evl_params *p) {
  const oscillator *o = oscillators;
  while (strcmp(o->ode->name, evl_params_string(p, "system"))) o++;
  return o;
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  const evl_ode *ode = oscillator_of(p)->ode;
  const int c = evl_latent_dimension(p, montage), k = ode->n_parameters;
  double *number;
  const char **name;
  EVL_NEW(arena, *tensor, 2);
  EVL_NEW(arena, number, c);
  EVL_NEW(arena, name, k);
  for (int i = 0; i < c; i++) number[i] = i + 1;
  for (int i = 0; i < k; i++) name[i] = ode->parameter[i].name;
  for (int i = 0; i < 2; i++)
    (*tensor)[i] = (evl_tensor){
        .name = i ? "parameters_sd" : "parameters",
        .unit = "1/s",
        .text = i ? "Their standard errors." : "Parameters of the equations, rates in 1/s and rad/s.",
        .n_dimensions = 2,
        .dimension = {{.name = "coordinate", .size = c, .coordinate = number, .unit = "1"},
                      {.name = "parameter", .size = k, .label = name, .unit = ""}},
        .size = (size_t)c * (size_t)k};
  *n = 2;
  return EVL_OK;
}

static evl_status plan_fit(kernel *k, int n_coordinates, evl_arena *arena) {
  const size_t c = (size_t)n_coordinates, p = (size_t)k->oscillator->ode->n_parameters;
  EVL_NEW(arena, k->theta, c * p);
  EVL_NEW(arena, k->sd, c * p);
  EVL_NEW(arena, k->weight, c);
  EVL_NEW(arena, k->noise, c);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  static const double first_state[2] = {1.0, 0.0};
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->oscillator = oscillator_of(p);
  k->coordinate = evl_params_value(p, "coordinate");
  for (int i = 0; i < k->coordinate->n; i++)
    if (k->coordinate->reals[i] != floor(k->coordinate->reals[i]))
      return evl_fail(EVL_USAGE, "gradient_matching.coordinate: expected integers, found %.9g",
                      k->coordinate->reals[i]);
  EVL_TRY(evl_latent_plan(p, shape, "gradient_matching", products, arena, &k->latent));
  EVL_TRY(evl_forecast_plan(p, k->latent, "gradient_matching", products, arena, &k->forecast));
  EVL_TRY(plan_fit(k, k->latent->n, arena));
  const int knot = (int)fmax(1.0, round(evl_params_real(p, "knot_s") * shape->fs_hz));
  evl_path_spec spec = {.ode = k->oscillator->ode, .dt = 1.0 / shape->fs_hz, .knot = knot, .degree = DEGREE,
                        .n_observed = OBSERVED, .observe = first_state};
  k->piece = spec.n_samples = (int)fmax(round(evl_params_real(p, "piece_s") * shape->fs_hz), 4.0 * knot) + 1;
  k->n_pieces = k->latent->n_train / k->piece;
  EVL_NEW(arena, k->first, k->n_pieces + 1);
  for (int i = 0; i < k->n_pieces; i++) k->first[i] = i * k->piece;
  if (k->n_pieces > 0) EVL_TRY(evl_profile_plan(&spec, k->n_pieces, arena, &k->profile));
  k->past = spec.n_samples = (int)fmax(round(evl_params_real(p, "past_s") * shape->fs_hz), 2.0 * knot) + 1;
  EVL_TRY(evl_path_plan(&spec, arena, &k->before));
  EVL_NEW(arena, k->c, evl_path_coefficients(k->before));
  EVL_NEW(arena, k->through, 2 * (k->piece > k->past ? k->piece : k->past));
  k->first_output = evl_forecast_outputs(p);
  *planned = k;
  return EVL_OK;
}

/* A path through n samples whose second state follows from the slope, as of an oscillator of angular frequency w. */
static void begin(kernel *k, evl_path *path, const double *z, int n, double w, double *c) {
  double x[2], *second = k->through + n;
  memcpy(k->through, z, (size_t)n * sizeof *z);
  memset(second, 0, (size_t)n * sizeof *z);
  evl_path_through(path, k->through, (size_t)n, c);
  for (int t = 0; t < n; t++) {
    evl_path_state(path, c, t, 1, x);
    second[t] = k->oscillator->slope_sign * x[0] / w;
  }
  evl_path_through(path, k->through, (size_t)n, c);
}

/* Root of the mean square of slopes over that of values: the angular frequency of a sine. */
static double pace(const double *z, int n, double fs_hz) {
  double slope = 0.0, size = 0.0;
  for (int t = 1; t + 1 < n; t++) {
    const double d = 0.5 * (z[t + 1] - z[t - 1]) * fs_hz;
    slope += d * d;
    size += z[t] * z[t];
  }
  return sqrt(slope / size);
}

typedef struct driven { const evl_ode *ode; const double *theta; } driven;
static void flow(void *system, int stage, const double *x, double *dx) {
  (void)stage;
  const driven *d = system;
  d->ode->flow(d->ode->context, x, d->theta, dx);
}

/* steps values that follow the `past` samples at z, into ahead[step * stride]; false where it diverges. */
static bool follow(kernel *k, const double *theta, double lambda, const double *z, int steps, double *ahead,
                   size_t stride) {
  enum { SUBSTEPS = 2 };
  const double fs_hz = k->latent->fs_hz;
  driven d = {k->oscillator->ode, theta};
  double x[2];
  begin(k, k->before, z, k->past, fmax(theta[k->oscillator->frequency], 1.0), k->c);
  if (!evl_path_solve(k->before, theta, lambda, z, 0, k->c)) return false;
  evl_path_state(k->before, k->c, k->past - 1, 0, x);
  for (int h = 0; h < steps; h++) {
    for (int s = 0; s < SUBSTEPS; s++) evl_ode_rk4(flow, &d, 2, 1.0 / (SUBSTEPS * fs_hz), x, k->work);
    ahead[(size_t)h * stride] = x[0];
    if (!(fabs(x[0]) <= EVL_DIVERGED_SD && isfinite(x[1]))) return false;
  }
  return true;
}

/* Paths through the pieces, and the frequency they begin from. */
static evl_fit start(kernel *k, const double *z, int n_pieces) {
  evl_profile *f = k->profile;
  const double w = pace(z, k->latent->n_train, k->latent->fs_hz);
  if (!(w > 0.0) || !isfinite(w)) return EVL_FIT_CONSTANT;
  for (int i = 0; i < n_pieces; i++) begin(k, f->path, z + k->first[i], k->piece, w, evl_profile_piece(f, i));
  memset(f->theta, 0, (size_t)f->spec.ode->n_parameters * sizeof *f->theta);
  f->theta[k->oscillator->frequency] = w;
  return EVL_FIT_DONE;
}

static evl_fit fit(kernel *k, int coordinate) {
  const double *z = k->latent->z + (size_t)coordinate * k->latent->ld, lambda = 0.01;
  evl_profile *f = k->profile;
  const size_t p = (size_t)f->spec.ode->n_parameters, at = (size_t)coordinate * p;
  evl_fit became = start(k, z, k->n_pieces);
  if (became == EVL_FIT_DONE) became = evl_profile_marginal(f, lambda, z, 0, k->first, k->n_pieces);
  if (became != EVL_FIT_DONE) return became;
  memcpy(k->theta + at, f->theta, p * sizeof(double));
  memcpy(k->sd + at, f->robust_sd, p * sizeof(double));
  k->weight[coordinate] = f->lambda;
  k->noise[coordinate] = f->sigma;
  return EVL_FIT_DONE;
}

static bool ahead_of(void *model, const evl_latent *l, int t, int steps, double *ahead) {
  kernel *k = model;
  const size_t p = (size_t)k->oscillator->ode->n_parameters;
  if (t + 1 < k->past) return false;
  for (int c = 0; c < l->n; c++) {
    const double *z = l->z + (size_t)c * l->ld + (size_t)(t + 1 - k->past);
    if (!follow(k, k->theta + (size_t)c * p, k->weight[c], z, steps, ahead + c, (size_t)l->n)) return false;
  }
  return true;
}

static void put(kernel *k, int first, int coordinate, int item, evl_out *out) {
  const oscillator *o = k->oscillator;
  const int each = k->coordinate->n, number[] = {o->growth, o->frequency, o->saturation, o->shear};
  const double *theta = k->theta + (size_t)coordinate * (size_t)o->ode->n_parameters;
  const double *sd = k->sd + (size_t)coordinate * (size_t)o->ode->n_parameters;
  for (int i = 0; i < 4; i++) {
    const double unit = number[i] < 0 ? 0.0 : number[i] == o->frequency ? 1.0 / (2.0 * M_PI) : 1.0;
    const int j = number[i] < 0 ? 0 : number[i];
    evl_put(out, (size_t)(first + 2 * i * each + item), theta[j] * unit);
    evl_put(out, (size_t)(first + (2 * i + 1) * each + item), sd[j] * unit);
  }
  const double s2 = k->noise[coordinate] * k->noise[coordinate];
  evl_put(out, (size_t)(first + 8 * each + item), s2 / k->weight[coordinate]);
  evl_put(out, (size_t)(first + 9 * each + item), s2);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_latent *l = k->latent;
  evl_fit became = evl_latent_find(k->latent, window);
  if (became == EVL_FIT_DONE && k->n_pieces < k->oscillator->ode->n_parameters + 2) became = EVL_FIT_SHORT;
  for (int c = 0; c < l->n && became == EVL_FIT_DONE; c++) became = fit(k, c);
  evl_forecast_put(k->forecast, became, ahead_of, k, window, out);
  const int n = k->coordinate->n, first = (int)k->first_output;
  if (became != EVL_FIT_DONE) {
    evl_fit_refuse(out, k->first_output, k->first_output + 10 * (size_t)n);
    return;
  }
  for (int i = 0; i < n; i++)
    if ((int)k->coordinate->reals[i] <= l->n) put(k, first, (int)k->coordinate->reals[i] - 1, i, out);
  const size_t size = (size_t)l->n * (size_t)k->oscillator->ode->n_parameters;
  memcpy(out->tensor[0], k->theta, size * sizeof(double));
  memcpy(out->tensor[1], k->sd, size * sizeof(double));
}

/* Measured: 0.6 s a coordinate of linear for 60 s at 250 Hz and knots 12 ms apart, as q (q + 7) / 30 for q unknowns. */
static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage), q = oscillator_of(p)->ode->n_parameters + 1.0;
  const double knots = 1.0 / fmax(1.0, round(evl_params_real(p, "knot_s") * shape->fs_hz));
  return evl_latent_cost_us(p, shape) + evl_forecast_cost_us(p, shape) +
         shape->n_samples * n * q * (q + 7.0) / 30.0 * (10.0 + 90.0 * knots);
}

const evl_entry evl_model_gradient_matching = {
    .name = "gradient_matching",
    .summary =
        "Oscillators driven by noise, linear or not, fitted to latent coordinates along spline paths, with standard "
        "errors and held-out forecasts.",
    .definition =
        "Each latent coordinate z is the first state, with noise of variance s2 beside it, of an oscillator of its "
        "own, dx = f(x, theta) dt + sqrt(q) dW. The second state is not seen: principal components of scalp EEG are "
        "mostly standing waves, whose pairs are not in quadrature, so that a pair is not one oscillator. linear: x' = "
        "g x - w y, y' = w x + g y; stuart_landau, the normal form of the Hopf bifurcation: x' = (g - s r) x - (w + h "
        "r) y, y' = (w + h r) x + (g - s r) y, r = x^2 + y^2; van_der_pol: x' = w y, y' = 2 (g - s x^2) y - w x; "
        "duffing: x' = w y, y' = 2 g y - w x - k x^3. Paths are cubic splines that minimise sum |z - x|^2 + lambda "
        "int |x' - f|^2 dt, lambda = s2 / q: generalised profiling. For deterministic equations theta minimises the "
        "first sum along the paths and lambda is large; EEG is driven by noise and no deterministic equation follows "
        "it over a minute, so pieces are short, each with a start of its own, share theta, and the equations may err. "
        "Along such paths growth and decay explain alike (the least squares of x' - g x are at g = 0), therefore "
        "theta, q and s2 maximise the density of z with the paths integrated out, -2 ln p = sum over pieces (J / s2 + "
        "ln det (D + lambda P) - ln det lambda P) + n ln s2, D and P the matrices of the two sums in the coefficients "
        "of the splines: exact for linear, which is the default for that; Laplace's approximation for the others, "
        "whose growth comes out too large where noise is strong. Knots must be dense against the oscillation: a tenth "
        "of a period or less. Errors: sandwich over pieces.",
    .cite =
        "Ramsay, Hooker, Campbell and Cao 2007, doi:10.1111/j.1467-9868.2007.00610.x, equations 9 and 10 (paths, "
        "profiles); Laplace's method for the density: Tierney and Kadane 1986, doi:10.1080/01621459.1986.10478240",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .min_window_s = 8.0,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
