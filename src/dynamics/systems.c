/* systems: ordinary differential equations with their Jacobians. */
#include <string.h>

#include "profiling_priv.h"

#define ANY -INFINITY, INFINITY
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))
/* Rows of a Jacobian that are given whole. */
#define SET(to, ...)                        \
  do {                                      \
    const double set_[] = {__VA_ARGS__};    \
    memcpy((to), set_, sizeof set_);        \
  } while (0)

/* ---- Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2 -------------------------------------- */

static void lorenz63(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  SET(f, p[0] * (x[1] - x[0]), x[0] * (p[1] - x[2]) - x[1], x[0] * x[1] - p[2] * x[2]);
}
static void lorenz63_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  SET(fx, -p[0], p[0], 0.0, p[1] - x[2], -1.0, -x[0], x[1], x[0], -p[2]);
  SET(fp, x[1] - x[0], 0.0, 0.0, 0.0, x[0], 0.0, 0.0, 0.0, -x[2]);
}
static const evl_ode_parameter of_lorenz63[] = {{"sigma", "1", 10.0, ANY, "Prandtl number."},
                                                {"rho", "1", 28.0, ANY, "Rayleigh number over the critical one."},
                                                {"beta", "1", 2.7, ANY, "Shape of the cells."}};
const evl_ode evl_ode_lorenz63 = {
    .name = "lorenz63", .equations = "x' = sigma (y - x); y' = x (rho - z) - y; z' = x y - beta z",
    .n_states = 3, .n_parameters = COUNT(of_lorenz63), .parameter = of_lorenz63,
    .flow = lorenz63, .jacobian = lorenz63_jacobian};

/* ---- Roessler 1976, doi:10.1016/0375-9601(76)90101-8 ------------------------------------------------------ */

static void roessler(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  SET(f, -x[1] - x[2], x[0] + p[0] * x[1], p[1] + x[2] * (x[0] - p[2]));
}
static void roessler_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  SET(fx, 0.0, -1.0, -1.0, 1.0, p[0], 0.0, x[2], 0.0, x[0] - p[2]);
  SET(fp, 0.0, 0.0, 0.0, x[1], 0.0, 0.0, 0.0, 1.0, -x[2]);
}
static const evl_ode_parameter of_roessler[] = {{"a", "1", 0.2, ANY, "Growth of the spiral."},
                                                {"b", "1", 0.2, ANY, "Rise of z."},
                                                {"c", "1", 5.7, ANY, "Where z takes off."}};
const evl_ode evl_ode_roessler = {
    .name = "roessler", .equations = "x' = -y - z; y' = x + a y; z' = b + z (x - c)",
    .n_states = 3, .n_parameters = COUNT(of_roessler), .parameter = of_roessler,
    .flow = roessler, .jacobian = roessler_jacobian};

/* ---- oscillators of one observed coordinate: growth, frequency, and what bends them -------------------------- */

#define GROWTH {"growth", "1/s", 1.0, ANY, "Real part of the eigenvalues at the origin; negative: damped."}
#define FREQUENCY {"frequency", "rad/s", 10.0, 0.0, INFINITY, "Angular frequency."}
#define SATURATION {"saturation", "1/s", 1.0, 0.0, INFINITY, "Loss of growth with the square of the amplitude."}

static void linear(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  SET(f, p[0] * x[0] - p[1] * x[1], p[1] * x[0] + p[0] * x[1]);
}
static void linear_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  SET(fx, p[0], -p[1], p[1], p[0]);
  SET(fp, x[0], -x[1], x[1], x[0]);
}
static const evl_ode_parameter of_linear[] = {GROWTH, FREQUENCY};
const evl_ode evl_ode_linear = {
    .name = "linear", .equations = "x' = g x - w y; y' = w x + g y",
    .n_states = 2, .n_parameters = COUNT(of_linear), .parameter = of_linear,
    .flow = linear, .jacobian = linear_jacobian};

/* Normal form of the Hopf bifurcation: z' = (g + i w) z - (s - i h) |z|^2 z, z = x + i y. */
static void stuart_landau(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  const double r = x[0] * x[0] + x[1] * x[1], g = p[0] - p[2] * r, w = p[1] + p[3] * r;
  SET(f, g * x[0] - w * x[1], w * x[0] + g * x[1]);
}
static void stuart_landau_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  const double a = x[0], b = x[1], r = a * a + b * b, g = p[0] - p[2] * r, w = p[1] + p[3] * r;
  const double ga = -2.0 * p[2] * a, gb = -2.0 * p[2] * b, wa = 2.0 * p[3] * a, wb = 2.0 * p[3] * b;
  SET(fx, g + ga * a - wa * b, -w + gb * a - wb * b, w + wa * a + ga * b, g + wb * a + gb * b);
  SET(fp, a, -b, -r * a, -r * b, b, a, -r * b, r * a);
}
static const evl_ode_parameter of_stuart_landau[] = {
    GROWTH, FREQUENCY, SATURATION,
    {"shear", "rad/s", 1.0, ANY, "Rise of the frequency with the square of the amplitude."}};
const evl_ode evl_ode_stuart_landau = {
    .name = "stuart_landau",
    .equations = "x' = (g - s r) x - (w + h r) y; y' = (w + h r) x + (g - s r) y; r = x^2 + y^2",
    .n_states = 2, .n_parameters = COUNT(of_stuart_landau), .parameter = of_stuart_landau,
    .flow = stuart_landau, .jacobian = stuart_landau_jacobian};

static void van_der_pol(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  SET(f, p[1] * x[1], 2.0 * (p[0] - p[2] * x[0] * x[0]) * x[1] - p[1] * x[0]);
}
static void van_der_pol_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  const double a = x[0], b = x[1];
  SET(fx, 0.0, p[1], -4.0 * p[2] * a * b - p[1], 2.0 * (p[0] - p[2] * a * a));
  SET(fp, 0.0, b, 0.0, 2.0 * b, -a, -2.0 * a * a * b);
}
static const evl_ode_parameter of_van_der_pol[] = {GROWTH, FREQUENCY, SATURATION};
const evl_ode evl_ode_van_der_pol = {
    .name = "van_der_pol", .equations = "x' = w y; y' = 2 (g - s x^2) y - w x",
    .n_states = 2, .n_parameters = COUNT(of_van_der_pol), .parameter = of_van_der_pol,
    .flow = van_der_pol, .jacobian = van_der_pol_jacobian};

static void duffing(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  SET(f, p[1] * x[1], 2.0 * p[0] * x[1] - p[1] * x[0] - p[2] * x[0] * x[0] * x[0]);
}
static void duffing_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  const double a = x[0], b = x[1];
  SET(fx, 0.0, p[1], -p[1] - 3.0 * p[2] * a * a, 2.0 * p[0]);
  SET(fp, 0.0, b, 0.0, 2.0 * b, -a, -a * a * a);
}
static const evl_ode_parameter of_duffing[] = {
    GROWTH, FREQUENCY,
    {"stiffness", "rad/s", 1.0, 0.0, INFINITY, "Rise of the restoring force with the cube of the deflection."}};
const evl_ode evl_ode_duffing = {
    .name = "duffing", .equations = "x' = w y; y' = 2 g y - w x - k x^3",
    .n_states = 2, .n_parameters = COUNT(of_duffing), .parameter = of_duffing,
    .flow = duffing, .jacobian = duffing_jacobian};

/* FitzHugh 1961, doi:10.1016/S0006-3495(61)86902-6, as Ramsay et al. have it, with a rate and a size of its own. */
static void fitzhugh_nagumo(const void *context, const double *x, const double *p, double *f) {
  (void)context;
  const double v = x[0], r = x[1];
  SET(f, p[3] * p[2] * (v - p[4] * v * v * v / 3.0 + r), -p[3] * (v - p[0] + p[1] * r) / p[2]);
}
static void fitzhugh_nagumo_jacobian(const void *context, const double *x, const double *p, double *fx, double *fp) {
  (void)context;
  const double v = x[0], r = x[1], cube = v * v * v / 3.0, up = v - p[4] * cube + r, down = v - p[0] + p[1] * r;
  SET(fx, p[3] * p[2] * (1.0 - p[4] * v * v), p[3] * p[2], -p[3] / p[2], -p[3] * p[1] / p[2]);
  SET(fp, 0.0, 0.0, p[3] * up, p[2] * up, -p[3] * p[2] * cube,
      p[3] / p[2], -p[3] * r / p[2], p[3] * down / (p[2] * p[2]), -down / p[2], 0.0);
}
static const evl_ode_parameter of_fitzhugh_nagumo[] = {
    {"a", "1", 0.2, ANY, "Where recovery rests."}, {"b", "1", 0.2, ANY, "Decay of recovery."},
    {"c", "1", 3.0, 1e-3, 1e3, "Ratio of the time scales, as a root."}, {"rate", "1/s", 1.0, 1e-6, INFINITY, "Pace."},
    {"size", "1", 1.0, 0.0, INFINITY, "Of the cube: one over the square of the amplitude."}};
const evl_ode evl_ode_fitzhugh_nagumo = {
    .name = "fitzhugh_nagumo", .equations = "v' = rate c (v - size v^3 / 3 + r); r' = -rate (v - a + b r) / c",
    .n_states = 2, .n_parameters = COUNT(of_fitzhugh_nagumo), .parameter = of_fitzhugh_nagumo,
    .flow = fitzhugh_nagumo, .jacobian = fitzhugh_nagumo_jacobian};

/* ---- Jansen & Rit 1995, doi:10.1007/BF00199471, in s and mV; EEG = y1 - y2 ------------------------------------ */

enum { PER_S_A = 100, PER_S_B = 50 };
static const double C1 = 135.0, C2 = 108.0, C3 = 33.75, C4 = 33.75;

static double pulses(double mv, double *slope) {
  const double most = 5.0, steepness = 0.56, middle = 6.0, s = evl_logistic(steepness * (mv - middle));
  *slope = most * steepness * s * (1.0 - s);
  return most * s;
}
static void jansen_rit(const void *context, const double *y, const double *p, double *f) {
  (void)context;
  const double a = PER_S_A, b = PER_S_B;
  double slope;
  SET(f, y[3], y[4], y[5], p[0] * a * pulses(y[1] - y[2], &slope) - 2.0 * a * y[3] - a * a * y[0],
      p[0] * a * (p[2] + C2 * pulses(C1 * y[0], &slope)) - 2.0 * a * y[4] - a * a * y[1],
      p[1] * b * C4 * pulses(C3 * y[0], &slope) - 2.0 * b * y[5] - b * b * y[2]);
}
static void jansen_rit_jacobian(const void *context, const double *y, const double *p, double *fx, double *fp) {
  (void)context;
  const double a = PER_S_A, b = PER_S_B;
  double slope, slope_e, slope_i;
  const double out = pulses(y[1] - y[2], &slope), e = pulses(C1 * y[0], &slope_e), i = pulses(C3 * y[0], &slope_i);
  memset(fx, 0, 36 * sizeof *fx);
  memset(fp, 0, 18 * sizeof *fp);
  for (int k = 0; k < 3; k++) {
    const double rate = k < 2 ? a : b;
    fx[k * 6 + 3 + k] = 1.0;
    fx[(3 + k) * 6 + k] = -rate * rate;
    fx[(3 + k) * 6 + 3 + k] = -2.0 * rate;
  }
  fx[3 * 6 + 1] = p[0] * a * slope;
  fx[3 * 6 + 2] = -fx[3 * 6 + 1];
  fx[4 * 6 + 0] = p[0] * a * C2 * C1 * slope_e;
  fx[5 * 6 + 0] = p[1] * b * C4 * C3 * slope_i;
  fp[3 * 3 + 0] = a * out;
  fp[4 * 3 + 0] = a * (p[2] + C2 * e);
  fp[4 * 3 + 2] = p[0] * a;
  fp[5 * 3 + 1] = b * C4 * i;
}
static const evl_ode_parameter of_jansen_rit[] = {{"A", "mV", 3.25, 0.0, 100.0, "Excitatory gain."},
                                                  {"B", "mV", 22.0, 0.0, 1000.0, "Inhibitory gain."},
                                                  {"p", "1/s", 220.0, -1e4, 1e4, "Input."}};
const evl_ode evl_ode_jansen_rit = {
    .name = "jansen_rit",
    .equations = "y0'' = A a S(y1 - y2) - 2 a y0' - a^2 y0; y1'' = A a (p + C2 S(C1 y0)) - 2 a y1' - a^2 y1; "
                 "y2'' = B b C4 S(C3 y0) - 2 b y2' - b^2 y2",
    .n_states = 6, .n_parameters = COUNT(of_jansen_rit), .parameter = of_jansen_rit,
    .flow = jansen_rit, .jacobian = jansen_rit_jacobian};
