/* Lorenz's ring of 1996. */
#include "model_priv.h"

static const evl_param params[] = {
    {"units_per_s", EVL_REALS, "(12.0, 0.0)", 0, 1e5, NULL, "1/s",
     "Units of the model's time a second: median and sd of the logarithm over subjects."},
    {"amplitude_uv", EVL_REALS, "(20.0, 0.2)", 0, 1000, NULL, "uV",
     "Rms of a state at its electrode: median, sd of the logarithm."},
    {"process", EVL_REAL, "0.05", 0, 1, NULL, "", "White noise in every state: its sd, in those of the state, after "
                                                  "one unit of the model's time."},
    {"observation_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {"forcing", EVL_REALS, "(8.0, 0.0)", 0, 100, NULL, "", "F: mean and sd over subjects."},
    {"states", EVL_INT, "19", 4, 40, NULL, "", "Number of states N on the ring."},
    {0}};

enum { UNITS, AMPLITUDE, FORCING };
static const evl_truth_item truths[] = {{"units_per_s", "1/s", "units of the model's time a second; z of its "
                                                               "logarithm"},
                                        {"amplitude_uv", "uV", "rms of a state at its electrode; z of its logarithm"},
                                        {"forcing", "", "forcing F"},
                                        {0}};

void evl_lorenz96_flow(void *system, int stage, const double *x, double *slope) {
  const evl_lorenz96 *m = system;
  int n = m->n;
  (void)stage;
  slope[0] = (x[1] - x[n - 2]) * x[n - 1] - x[0] + m->forcing;
  slope[1] = (x[2] - x[n - 1]) * x[0] - x[1] + m->forcing;
  for (int i = 2; i < n - 1; i++) slope[i] = (x[i + 1] - x[i - 2]) * x[i - 1] - x[i] + m->forcing;
  slope[n - 1] = (x[0] - x[n - 3]) * x[n - 2] - x[n - 1] + m->forcing;
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  return evl_driven_draw(p, "forcing", seed, id, value, z);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  enum { MOST = 40 };
  double start[MOST], sd[MOST];
  evl_lorenz96 system = {(int)evl_params_int(p, "states"), truth[FORCING]};
  for (int i = 0; i < MOST; i++) start[i] = i ? 1 : 3, sd[i] = 3.6;
  evl_driven_spec spec = {.name = "lorenz96", .flow = evl_lorenz96_flow, .system = &system,
                          .system_bytes = sizeof system,
                          .n = system.n, .h = 0.02, .start = start, .sd = sd,
                          .process = evl_params_real(p, "process"),
                          .observation_uv = evl_params_real(p, "observation_uv"),
                          .units_per_s = truth[UNITS], .amplitude_uv = truth[AMPLITUDE]};
  return evl_driven_plan(&spec, making, arena, state);
}

const evl_mechanism evl_mechanism_lorenz96 = {
    .name = "lorenz96",
    .summary = "Lorenz's ring of 1996 in all channels, with process and observation noise",
    .definition = "x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F on a ring of N states, plus white noise; "
                  "Runge-Kutta, step 0.02. State j of N sits at electrode floor(19 j / N) in the order Fp1 Fp2 F7 F3 "
                  "Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2 and is seen at an angle d with weight amplitude_uv / "
                  "sd * exp(-d^2 / (2 * 0.7^2)), sd = 3.6, less its mean.",
    .cite = "Lorenz 1996, Proc. Seminar on Predictability, ECMWF, 1-18, eq. 1",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = evl_driven_run,
    .limit_uv = evl_driven_limit_uv};
