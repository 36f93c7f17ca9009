/* Mechanisms that integrate a model: the same bits for any cut, spectra that do not depend on the rate of sampling, the
   sampler's response, what a subject draws. */
#include "../src/simulate/model_priv.h"
#include "simulate_help.h"

static const char *const models[] = {"jansen_rit", "stuart_landau", "wilson_cowan", "robinson",
                                     "lorenz63",   "lorenz96",      "roessler",     "mackey_glass"};
enum { MODELS = sizeof models / sizeof *models };

static made a, b;

static const char *only(int model, const char *keys) {
  static char text[400];
  snprintf(text, sizeof text, "mechanism = [\"%s\"]; artefacts = []; %s: { %s };", models[model], models[model], keys);
  return text;
}

static void same_bits_for_any_cut(void) {
  for (int i = 0; i < MODELS; i++)
    for (double fs_hz = 250; fs_hz < 300; fs_hz += 6) {
      evl_making making = {.seed = 3, .fs_hz = fs_hz, .duration_s = 5, .line_hz = 50};
      make(&a, only(i, ""), making, NULL);
      make_plan(&b, only(i, ""), making, NULL);
      make_run(&b, 0);
      CHECK(memcmp(a.x, b.x, sizeof *a.x * EVL_HEAD_CHANNELS * (size_t)a.n) == 0);
      make_free(&a);
      make_free(&b);
      if (i % 4) break; /* two of them at other rates, too */
    }
}

static void another_recording_and_subject_differ(void) {
  for (int i = 0; i < MODELS; i++) {
    evl_making making = {.seed = 3, .fs_hz = 250, .duration_s = 2, .line_hz = 50};
    make(&a, only(i, ""), making, NULL);
    making.recording = 1;
    make(&b, only(i, ""), making, NULL);
    CHECK(memcmp(a.truth, b.truth, sizeof a.truth) == 0);
    CHECK(memcmp(a.x, b.x, 100 * sizeof *a.x) != 0);
    make_free(&b);
    making.id = "sub-0002";
    make_plan(&b, only(i, ""), making, NULL);
    CHECK(memcmp(a.truth, b.truth, sizeof a.truth) != 0);
    make_free(&a);
    make_free(&b);
  }
}

/* The model runs at its own step: without sensor noise, samples at 500 Hz are those at 250 Hz and those between, but
   for what lies from 100 Hz on. */
static void rate_of_sampling_does_not_matter(void) {
  for (int i = 0; i < MODELS; i++) {
    evl_making making = {.seed = 4, .fs_hz = 250, .duration_s = 8, .line_hz = 50};
    const char *quiet = i < 4 ? "sensor_uv = 0.0;" : "observation_uv = 0.0;";
    make(&a, only(i, quiet), making, NULL);
    making.fs_hz = 500;
    make(&b, only(i, quiet), making, NULL);
    double difference = 0, power = 0;
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      for (int64_t t = 0; t < a.n; t++) {
        double x = make_row(&a, c)[t], y = make_row(&b, c)[2 * t];
        difference += (x - y) * (x - y);
        power += x * x;
      }
    printf("# %s: %.2g of the power lies from 100 Hz on\n", models[i], difference / power);
    CHECK(difference < 5e-3 * power);
    make_free(&a);
    make_free(&b);
  }
}

/* ---- the sampler's response to cosines ---- */

typedef struct cosine { double step_turn; int64_t steps; } cosine;

static void cosine_step(void *model, double *source) {
  cosine *m = model;
  source[0] = cos(m->step_turn * (double)m->steps++);
}

/* Rms of what leaves at fs for a cosine of `hz` in a model of 2000 steps a second, over that of the cosine. */
static double response(double fs_hz, double hz) {
  enum { SAMPLES = 1000 };
  static double x[EVL_HEAD_CHANNELS][SAMPLES];
  evl_arena *arena = evl_arena_create();
  evl_sampler *sampler;
  double mix[1][EVL_HEAD_BACKGROUND] = {{1}}, sum = 0;
  cosine model = {2 * M_PI * hz / 2000, 0};
  evl_making making = {.seed = 1, .id = "sub-0001", .fs_hz = fs_hz};
  evl_sampler_spec spec = {.making = &making, .model_hz = 2000, .n_sources = 1, .mix = &mix[0][0]};
  CHECK(evl_sampler_plan(&spec, cosine_step, &model, arena, &sampler) == EVL_OK);
  evl_sampler_run(sampler, &x[0][0], SAMPLES, SAMPLES);
  for (int t = SAMPLES / 2; t < SAMPLES; t++) sum += x[0][t] * x[0][t];
  evl_arena_free(arena);
  return sqrt(2 * sum / (SAMPLES / 2));
}

static void sampler_response(void) {
  const double rate[] = {250, 256, 500, 100, 333};
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 8; k++) {
      double low = response(rate[i], 0.05 * rate[i] * (k + 0.2)), high = response(rate[i], rate[i] * (0.505 + 0.4 * k));
      CHECK(0.05 * (k + 0.2) > 0.4 || fabs(20 * log10(low)) < 0.03);
      CHECK(rate[i] * (0.505 + 0.4 * k) > 1000 || high < 1e-4);
    }
}

static void impossible_keys(void) {
  const struct { int model; const char *keys; } wrong[] = {
      {0, "input_hz = (10.0, 100.0);"}, {1, "speed_m_s = (1.0, 1.0);"}, {1, "saturation = 0.0;"},
      {2, "slowness = (0.5, 1.0);"},    {3, "delay_ms = (10.0, 20.0);"}, {4, "units_per_s = (0.0, 0.1);"},
      {7, "delay = (2.0, 5.0);"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    evl_config *config;
    evl_group *group;
    evl_settings settings;
    double value[MADE_TRUTHS], z[MADE_TRUTHS];
    evl_arena *arena = evl_arena_create();
    evl_status status = EVL_OK;
    const char *text = evl_arena_format(arena, "simulate: { %s };", only(wrong[i].model, wrong[i].keys));
    CHECK(evl_config_parse(text, "test.cfg", &config) == EVL_OK);
    CHECK(evl_group_child(evl_config_root(config), "simulate", &group) == EVL_OK);
    CHECK(evl_settings_read(group, arena, &settings) == EVL_OK);
    evl_config_free(config);
    for (int s = 0; s < 200 && status == EVL_OK; s++) { /* some subject is beyond what can be */
      const evl_mechanism_setting *m = settings.mechanism;
      status = m->entry->draw(m->params, 1, evl_arena_format(arena, "sub-%04d", s), value, z);
    }
    CHECK(status == EVL_USAGE);
    evl_arena_free(arena);
  }
}

static void divergence_is_an_error(void) {
  const char *keys[] = {"process = 1.0;", "growth = (900.0, 0.0); noise = 60.0; shear = 5.0;"};
  for (int i = 0; i < 2; i++) {
    evl_making making = {.seed = 1, .fs_hz = 250, .duration_s = 2, .line_hz = 50};
    make_plan(&a, only(i ? 1 : 6, keys[i]), making, NULL);
    CHECK(evl_generator_plan(&a.spec, a.arena, &a.generator) == EVL_NUMERIC);
    CHECK(strstr(evl_error_message(), "diverges") != NULL);
    make_free(&a);
  }
}

/* The matrix as documented: what the channels show lies in its three columns, and the states that it gives back have the
   spread of Lorenz's. */
static void documented_matrix(void) {
  evl_making making = {.seed = 5, .fs_hz = 250, .duration_s = 60, .line_hz = 50};
  double m[EVL_HEAD_CHANNELS][3], gram[9] = {0}, rest = 0, power = 0, mean_square[3] = {0};
  const double sd[3] = {7.9, 9.0, 8.6};
  make(&a, only(4, "observation_uv = 0.0; process = 0.0; amplitude_uv = (20.0, 0.0);"), making, NULL);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int j = 0; j < 3; j++) {
      double d = evl_head_between(19 * j / 3, c);
      m[c][j] = 20 / sd[j] * exp(-d * d / (2 * 0.7 * 0.7));
    }
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++) gram[3 * j + k] += m[c][j] * m[c][k];
  CHECK(evl_cholesky(3, gram, 3) == EVL_OK);
  for (int64_t t = 0; t < a.n; t++) {
    double state[3] = {0};
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      for (int j = 0; j < 3; j++) state[j] += m[c][j] * make_row(&a, c)[t];
    evl_cholesky_solve(3, 1, gram, 3, state, 3);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
      double x = make_row(&a, c)[t], error = x - m[c][0] * state[0] - m[c][1] * state[1] - m[c][2] * state[2];
      rest += error * error;
      power += x * x;
    }
    for (int j = 0; j < 3; j++) mean_square[j] += state[j] * state[j] / (double)a.n;
  }
  CHECK(rest < 1e-20 * power);
  for (int j = 0; j < 3; j++) CHECK_NEAR(sqrt(mean_square[j]) / sd[j], 1, 0.2); /* of the means a remainder is left */
  make_free(&a);
}

int main(void) {
  RUN(same_bits_for_any_cut);
  RUN(another_recording_and_subject_differ);
  RUN(rate_of_sampling_does_not_matter);
  RUN(sampler_response);
  RUN(impossible_keys);
  RUN(divergence_is_an_error);
  RUN(documented_matrix);
  CHECK_DONE();
}
