/* What is true of a subject, drawn from (seed, the subject's id, the name of the truth): nobody else's draws matter. */
#include "simulate_priv.h"

#include <math.h>
#include <stdio.h>

const char *const evl_truth_name[EVL_TRUTHS] = {
#define TRUTH_NAME(name, text) #name,
    EVL_TRUTH_LIST(TRUTH_NAME)
#undef TRUTH_NAME
};
const char *const evl_truth_text[EVL_TRUTHS] = {
#define TRUTH_TEXT(name, text) text,
    EVL_TRUTH_LIST(TRUTH_TEXT)
#undef TRUTH_TEXT
};

#define CUT_SD 2.5 /* normal draws end here, inside what the generators can make */

static double draw_normal(const evl_population *p, const char *id, const char *what) {
  evl_random random;
  evl_random_begin(&random, p->seed, id, what, 0);
  return fmin(CUT_SD, fmax(-CUT_SD, evl_random_normal(&random)));
}

static double draw_uniform(const evl_population *p, const char *id, const char *what) {
  evl_random random;
  evl_random_begin(&random, p->seed, id, what, 0);
  return evl_random_uniform(&random);
}

/* A uniform share: z is uniform with sd 1. */
static void draw_suppression(const evl_population *p, evl_truth *t) {
  double u = draw_uniform(p, t->id, evl_truth_name[EVL_TRUTH_suppression]);
  t->z[EVL_TRUTH_suppression] = p->share_high > p->share_low ? (u - 0.5) * sqrt(12) : 0;
  t->value[EVL_TRUTH_suppression] = p->share_low + (p->share_high - p->share_low) * u;
}

static void draw_linear(const evl_population *p, evl_truth *t, int i, const double mean_sd[2]) {
  t->z[i] = draw_normal(p, t->id, evl_truth_name[i]);
  t->value[i] = mean_sd[0] + mean_sd[1] * t->z[i];
}

static void draw_logarithmic(const evl_population *p, evl_truth *t, int i, const double median_sd[2]) {
  t->z[i] = draw_normal(p, t->id, evl_truth_name[i]);
  t->value[i] = median_sd[0] * exp(median_sd[1] * t->z[i]);
}

void evl_truth_draw(const evl_population *p, int subject, evl_truth *t) {
  snprintf(t->id, sizeof t->id, "sub-%04d", subject + 1);
  t->site = subject % p->n_sites; /* in turn: the smallest cohort has every hospital */
  t->male = draw_uniform(p, t->id, "sex") < 0.6;
  t->start_h = p->start_h[0] + (p->start_h[1] - p->start_h[0]) * draw_uniform(p, t->id, "start");
  t->alpha_width_hz = 1 + draw_uniform(p, t->id, "alpha_width");
  draw_suppression(p, t);
  draw_linear(p, t, EVL_TRUTH_exponent, p->exponent);
  draw_linear(p, t, EVL_TRUTH_alpha_hz, p->alpha_hz);
  draw_logarithmic(p, t, EVL_TRUTH_alpha_uv, p->alpha_uv);
  draw_logarithmic(p, t, EVL_TRUTH_background_uv, p->background_uv);
  draw_linear(p, t, EVL_TRUTH_age, p->age);
  t->predictor = p->intercept;
  for (int i = 0; i < EVL_TRUTHS; i++) t->predictor += p->coefficient[i] * t->z[i];
  t->probability = evl_logistic(t->predictor);
  t->poor = draw_uniform(p, t->id, "outcome") < t->probability;
}

double evl_truth_distractor(const evl_population *p, const evl_truth *t, int j) {
  evl_random random;
  evl_random_begin(&random, p->seed, t->id, "distractor", (uint64_t)j);
  return evl_random_normal(&random);
}
