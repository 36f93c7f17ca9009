/* Lorenz's three equations of 1963. */
#include "model_priv.h"

static const evl_param params[] = {
    {"units_per_s", EVL_REALS, "(8.0, 0.0)", 0, 1e5, NULL, "1/s",
     "Units of the model's time a second; a turn about a wing takes about 0.7: median and sd of the logarithm over "
     "subjects."},
    {"amplitude_uv", EVL_REALS, "(20.0, 0.2)", 0, 1000, NULL, "uV",
     "Rms of a state at its electrode: median, sd of the logarithm."},
    {"process", EVL_REAL, "0.05", 0, 1, NULL, "", "White noise in every state: its sd, in those of the state, after "
                                                  "one unit of the model's time."},
    {"observation_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {"rho", EVL_REALS, "(28.0, 0.0)", 0, 500, NULL, "", "rho: mean and sd over subjects."},
    {"sigma", EVL_REAL, "10.0", 0, 100, NULL, "", "sigma."},
    {"beta", EVL_REAL, "2.6666666666666665", 0, 100, NULL, "", "beta."},
    {0}};

enum { UNITS, AMPLITUDE, RHO };
static const evl_truth_item truths[] = {{"units_per_s", "1/s", "units of the model's time a second; z of its "
                                                               "logarithm"},
                                        {"amplitude_uv", "uV", "rms of a state at its electrode; z of its logarithm"},
                                        {"rho", "", "parameter rho"},
                                        {0}};

void evl_lorenz63_flow(void *system, int stage, const double *x, double *slope) {
  const evl_lorenz63 *m = system;
  (void)stage;
  slope[0] = m->sigma * (x[1] - x[0]);
  slope[1] = x[0] * (m->rho - x[2]) - x[1];
  slope[2] = x[0] * x[1] - m->beta * x[2];
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  return evl_driven_draw(p, "rho", seed, id, value, z);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  static const double start[3] = {1, 1, 25}, sd[3] = {7.9, 9.0, 8.6};
  evl_lorenz63 system = {evl_params_real(p, "sigma"), truth[RHO], evl_params_real(p, "beta")};
  evl_driven_spec spec = {.name = "lorenz63", .flow = evl_lorenz63_flow, .system = &system,
                          .system_bytes = sizeof system,
                          .n = 3, .h = 0.01, .start = start, .sd = sd,
                          .process = evl_params_real(p, "process"),
                          .observation_uv = evl_params_real(p, "observation_uv"),
                          .units_per_s = truth[UNITS], .amplitude_uv = truth[AMPLITUDE]};
  return evl_driven_plan(&spec, making, arena, state);
}

const evl_mechanism evl_mechanism_lorenz63 = {
    .name = "lorenz63",
    .summary = "Lorenz's attractor of 1963 in all channels, with process and observation noise",
    .definition = "x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z, plus white noise; Runge-Kutta, step "
                  "0.01. State j of 3 sits at electrode floor(19 j / 3) in the order Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz "
                  "C4 T8 P7 P3 Pz P4 P8 O1 O2 and is seen at an angle d with weight amplitude_uv / sd * exp(-d^2 / "
                  "(2 * 0.7^2)), sd = 7.9, 9.0, 8.6, less its mean.",
    .cite = "Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2, eq. 25-27",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = evl_driven_run,
    .limit_uv = evl_driven_limit_uv};
