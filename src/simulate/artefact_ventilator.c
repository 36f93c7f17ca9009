/* The ventilator: the head moves with every breath, and water in the tube trembles as the breath begins. */
#include <math.h>

#include "artefacts_priv.h"

#define SWING_SHARE 0.65  /* of a cycle in which the head moves */
#define RISE_SHARE 0.35   /* of the swing: inspiration */
#define TREMBLE 0.8      /* of the height */
#define TREMBLE_HZ 11.0
#define TREMBLE_S 0.12    /* its decay */

static const evl_param params[] = {
    {"breath_hz", EVL_REALS, "(0.2, 0.4)", 0.05, 1, NULL, "Hz", "Breaths of a recording: lowest, highest."},
    {"ventilator_uv", EVL_REALS, "(25.0, 120.0)", 0, 2000, NULL, "uV",
     "Height at the strongest electrode: lowest, highest."},
    {0}};

typedef struct ventilator {
  evl_transients made;
  double cycle_s, height_uv, weight[EVL_HEAD_CHANNELS];
} ventilator;

static void draw(const void *context, evl_random *random, double slot_s, evl_transient *breath) {
  const ventilator *s = context;
  breath->onset_s = slot_s + 0.1 * s->cycle_s; /* a machine: no jitter */
  breath->length_s = SWING_SHARE * s->cycle_s;
  breath->height_uv = s->height_uv * (0.92 + 0.16 * evl_random_uniform(random));
  breath->shape[0] = breath->length_s;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) breath->weight[c] = s->weight[c];
}

static double wave(const double shape[4], double t_s) {
  double pi = acos(-1.0), u = t_s / shape[0];
  double swing = u < RISE_SHARE ? sin(0.5 * pi * u / RISE_SHARE) : cos(0.5 * pi * (u - RISE_SHARE) / (1 - RISE_SHARE));
  return swing + TREMBLE * exp(-t_s / TREMBLE_S) * sin(2 * pi * TREMBLE_HZ * t_s);
}

/* The part of the head that lies on the tube's side and the pillow moves most: a direction at random, mostly sideways
   and backwards. */
static void plan_field(const evl_making *making, double weight[EVL_HEAD_CHANNELS]) {
  evl_random random;
  double most = 0;
  evl_random_begin(&random, making->seed, making->id, "tube", making->recording);
  double side = evl_random_uniform(&random) < 0.5 ? -1 : 1, back = evl_random_uniform(&random);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double point[3];
    evl_head_point(c, point);
    weight[c] = exp(2 * (side * point[0] - back * point[1]));
    most = fmax(most, weight[c]);
  }
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) weight[c] /= most;
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  ventilator *s;
  double rate_hz[2], height_uv[2];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "breath_hz", rate_hz));
  EVL_TRY(evl_slots_range(p, "ventilator_uv", height_uv));
  double hz = evl_slots_own(making, "breath_hz", rate_hz, false);
  s->cycle_s = 1 / hz;
  s->height_uv = evl_slots_own(making, "ventilator_uv", height_uv, true);
  plan_field(making, s->weight);
  s->made = (evl_transients){
      .kind = "ventilator", .longest_s = 2 * s->cycle_s, .context = s, .draw = draw, .wave = wave};
  *state = s;
  return evl_slots_plan(making, "breaths", s->cycle_s, 60 * hz * (1 - 1e-12), &s->made.slots);
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  return evl_transients_run(&((ventilator *)state)->made, 1, first, x, ld, n, tell, context);
}

static double limit_uv(const void *state) { return 2.2 * ((const ventilator *)state)->height_uv; }

const evl_artefact evl_artefact_ventilator = {
    .name = "ventilator",
    .summary = "a swing with every breath of the ventilator, sharp at its start",
    .definition =
        "Every 1 / breath_hz, without jitter: up in 0.35 and down in the rest of 0.65 of the cycle (quarter periods"
        " of a sine), plus 0.8 exp(-t / 0.12 s) sin(2 pi 11 Hz t). Field: exponential across the head towards the "
        "tube's side and back. Mask of each breath: above 5 uV.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
