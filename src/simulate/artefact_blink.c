/* Blinks: the lid slides over the cornea of both eyes, positive in front. */
#include <math.h>

#include "artefacts_priv.h"

#define SLOT_S 2.0
#define HEIGHT_SD 0.12 /* of the logarithm, from blink to blink */
#define RISE_S 0.1
#define FALL_S 0.22
#define DEPTH 0.5    /* of the radius */
#define FALL_OFF 3.5
#define LONGEST_S (1.4 * (RISE_S + FALL_S))

static const evl_param params[] = {
    {"blinks_per_min", EVL_REAL, "12.0", 0, 30, NULL, "1/min", "Blinks, at most one every two seconds."},
    {"blink_uv", EVL_REALS, "(80.0, 300.0)", 0, 2000, NULL, "uV",
     "Their height at Fp1 and Fp2: lowest, highest; a recording has one of its own, from which blinks differ by 12 %."},
    {0}};

typedef struct blinks {
  evl_transients made;
  double range_uv[2], own_uv, weight[EVL_HEAD_CHANNELS];
} blinks;

/* From each eye with a power of the distance; mean of Fp1 and Fp2: 1. Eyes 20 degrees below and a little beside the
   frontal poles; power and depth so that it is 0.45 at F7, 0.27 at F3, 0.08 at Cz (9 % measured) and 0.05 at O1. */
static void plan_field(double weight[EVL_HEAD_CHANNELS]) {
  double degree = acos(-1.0) / 180;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double point[3];
    evl_head_point(c, point);
    weight[c] = 0;
    for (int side = -1; side <= 1; side += 2) {
      double polar = 112 * degree, azimuth = (90 + side * 22) * degree;
      double x = point[0] - DEPTH * sin(polar) * cos(azimuth), y = point[1] - DEPTH * sin(polar) * sin(azimuth);
      double z = point[2] - DEPTH * cos(polar);
      weight[c] += pow(x * x + y * y + z * z, -0.5 * FALL_OFF);
    }
  }
  double front = 0.5 * (weight[0] + weight[1]);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) weight[c] /= front;
}

static void draw(const void *context, evl_random *random, double slot_s, evl_transient *blink) {
  const blinks *s = context;
  blink->onset_s = slot_s + SLOT_S * evl_random_uniform(random);
  double height_uv = s->own_uv * exp(HEIGHT_SD * evl_random_normal(random));
  blink->height_uv = fmin(s->range_uv[1], fmax(s->range_uv[0], height_uv));
  blink->shape[0] = 0.8 + 0.6 * evl_random_uniform(random); /* slow and fast blinks */
  blink->length_s = blink->shape[0] * (RISE_S + FALL_S);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) blink->weight[c] = s->weight[c];
}

/* Half a squared sine up, half a squared cosine down. */
static double wave(const double shape[4], double t_s) {
  double u = t_s / shape[0];
  u = u < RISE_S ? u / RISE_S : 1 - (u - RISE_S) / FALL_S;
  return u <= 0 ? 0 : 0.5 - 0.5 * cos(acos(-1.0) * u);
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  blinks *s;
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "blink_uv", s->range_uv));
  s->own_uv = evl_slots_own(making, "blink_uv", s->range_uv, true);
  plan_field(s->weight);
  s->made = (evl_transients){
      .kind = "blink", .longest_s = SLOT_S + LONGEST_S, .context = s, .draw = draw, .wave = wave};
  *state = s;
  return evl_slots_plan(making, "blinks", SLOT_S, evl_params_real(p, "blinks_per_min"), &s->made.slots);
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  return evl_transients_run(&((blinks *)state)->made, 1, first, x, ld, n, tell, context);
}

/* Two may overlap. */
static double limit_uv(const void *state) { return 2.5 * ((const blinks *)state)->range_uv[1]; }

const evl_artefact evl_artefact_blink = {
    .name = "blink",
    .summary = "eye blinks, positive, highest at Fp1 and Fp2",
    .definition =
        "At most one in every slot of 2 s: up in 0.1 s and down in 0.22 s (0.8 to 1.4 times so long), half periods "
        "of a cosine. Field: sum over both eyes of 1 / distance^3.5 (eyes at half the radius), 1 at the frontal "
        "poles, about 0.27 at F3 and F4, 0.08 at Cz. Mask: above 5 uV.",
    .cite = "Corby & Kopell 1972, doi:10.1111/j.1469-8986.1972.tb00776.x (9 % of the blink at Cz)",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
