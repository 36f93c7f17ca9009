/* Roessler's band attractor. */
#include "model_priv.h"

static const evl_param params[] = {
    {"units_per_s", EVL_REALS, "(60.0, 0.0)", 0, 1e5, NULL, "1/s",
     "Units of the model's time a second; a turn takes about 5.9: median and sd of the logarithm over subjects."},
    {"amplitude_uv", EVL_REALS, "(20.0, 0.2)", 0, 1000, NULL, "uV",
     "Rms of a state at its electrode: median, sd of the logarithm."},
    {"process", EVL_REAL, "0.02", 0, 1, NULL, "", "White noise in every state: its sd, in those of the state, after "
                                                  "one unit of the model's time."},
    {"observation_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {"c", EVL_REALS, "(5.7, 0.0)", 0, 100, NULL, "", "c: mean and sd over subjects."},
    {"a", EVL_REAL, "0.2", 0, 1, NULL, "", "a."},
    {"b", EVL_REAL, "0.2", 0, 10, NULL, "", "b."},
    {0}};

enum { UNITS, AMPLITUDE, C };
static const evl_truth_item truths[] = {{"units_per_s", "1/s", "units of the model's time a second; z of its "
                                                               "logarithm"},
                                        {"amplitude_uv", "uV", "rms of a state at its electrode; z of its logarithm"},
                                        {"c", "", "parameter c"},
                                        {0}};

void evl_roessler_flow(void *system, int stage, const double *x, double *slope) {
  const evl_roessler *m = system;
  (void)stage;
  slope[0] = -x[1] - x[2];
  slope[1] = x[0] + m->a * x[1];
  slope[2] = m->b + x[2] * (x[0] - m->c);
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  return evl_driven_draw(p, "c", seed, id, value, z);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  static const double start[3] = {-4, -4, 0.1}, sd[3] = {5.1, 4.8, 2.9};
  evl_roessler system = {evl_params_real(p, "a"), evl_params_real(p, "b"), truth[C]};
  evl_driven_spec spec = {.name = "roessler", .flow = evl_roessler_flow, .system = &system,
                          .system_bytes = sizeof system,
                          .n = 3, .h = 0.02, .start = start, .sd = sd,
                          .process = evl_params_real(p, "process"),
                          .observation_uv = evl_params_real(p, "observation_uv"),
                          .units_per_s = truth[UNITS], .amplitude_uv = truth[AMPLITUDE]};
  return evl_driven_plan(&spec, making, arena, state);
}

const evl_mechanism evl_mechanism_roessler = {
    .name = "roessler",
    .summary = "Roessler's attractor in all channels, with process and observation noise",
    .definition = "x' = -y - z, y' = x + a y, z' = b + z (x - c), plus white noise; Runge-Kutta, step 0.02. State j "
                  "of 3 sits at electrode floor(19 j / 3) in the order Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 "
                  "Pz P4 P8 O1 O2 and is seen at an angle d with weight amplitude_uv / sd * exp(-d^2 / (2 * 0.7^2)), "
                  "less its mean.",
    .cite = "Roessler 1976, doi:10.1016/0375-9601(76)90101-8, eq. 2",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = evl_driven_run,
    .limit_uv = evl_driven_limit_uv};
