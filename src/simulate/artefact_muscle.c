/* Bursts of muscle: temporal (jaw) and frontal (forehead). */
#include <math.h>

#include "artefacts_priv.h"

enum { SITES = 4, SECTIONS = 2 };
#define SLOT_S 6.0
#define LEAST_S 0.3
#define MOST_S 4.0
#define RAMP_S 0.05
#define WIDTH 0.45      /* radian, of a muscle's field */
#define MOST_SD 3.0     /* noise is cut there: a mask can be exact */
#define LEAST_SHARE 0.02 /* of the height: weaker channels see nothing */

static const evl_param params[] = {
    {"muscle_per_min", EVL_REAL, "3.0", 0, 10, NULL, "1/min", "Bursts of muscle, at most one in 6 s."},
    {"muscle_uv", EVL_REALS, "(15.0, 80.0)", 0, 1000, NULL, "uV",
     "Their rms at the strongest electrode: lowest, highest, uniform in the logarithm."},
    {"muscle_band_hz", EVL_REALS, "(20.0, 110.0)", 5, 1000, NULL, "Hz",
     "Half-power band; its upper end stays below 0.45 of the sampling rate."},
    {0}};

/* Temporal muscles, twice as often, and the forehead's: degrees (polar, azimuth). */
static const double place[SITES][2] = {{96, 170}, {96, 10}, {96, 112}, {96, 68}};
static const double often[SITES] = {0.33, 0.33, 0.17, 0.17};

typedef struct burst {
  double onset_s, length_s, height_uv, weight[EVL_HEAD_CHANNELS];
} burst;

typedef struct muscle {
  evl_slots slots;
  double range_uv[2];
  evl_biquad section[SECTIONS];
  double gain;                /* white noise of variance 1 leaves with rms 1 */
  int64_t slot;               /* of the burst under way, -1: none */
  evl_random random;
  double memory[SECTIONS][2][EVL_HEAD_CHANNELS];
} muscle;

static bool draw(const muscle *s, int64_t slot, evl_random *random, burst *b) {
  if (!evl_slots_draw(&s->slots, slot, random)) return false;
  b->length_s = LEAST_S * pow(MOST_S / LEAST_S, evl_random_uniform(random));
  b->onset_s = SLOT_S * (double)slot + (SLOT_S - b->length_s) * evl_random_uniform(random);
  b->height_uv = s->range_uv[0] > 0
                     ? s->range_uv[0] * pow(s->range_uv[1] / s->range_uv[0], evl_random_uniform(random))
                     : s->range_uv[1] * evl_random_uniform(random);
  double u = evl_random_uniform(random), most = 0;
  int site = 0;
  while (site < SITES - 1 && u > often[site]) u -= often[site++];
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double angle = evl_head_angle(c, place[site][0], place[site][1]);
    b->weight[c] = exp(-angle * angle / (2 * WIDTH * WIDTH));
    most = fmax(most, b->weight[c]);
  }
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    b->weight[c] = b->weight[c] < LEAST_SHARE * most ? 0 : b->weight[c] / most;
  return true;
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  enum { STEPS = 400 };
  muscle *s;
  double band[2], power = 0;
  int n;
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "muscle_uv", s->range_uv));
  EVL_TRY(evl_slots_range(p, "muscle_band_hz", band));
  band[1] = fmin(band[1], 0.45 * making->fs_hz);
  if (band[0] >= band[1])
    return evl_fail(EVL_USAGE, "muscle_band_hz: expected lowest < highest, found (%g, %g)", band[0], band[1]);
  EVL_TRY(evl_butterworth_high(2, band[0], making->fs_hz, &s->section[0], &n));
  EVL_TRY(evl_butterworth_low(2, band[1], making->fs_hz, &s->section[1], &n));
  for (int i = 0; i < STEPS; i++) {
    double gain = evl_biquad_gain(s->section, SECTIONS, (i + 0.5) * making->fs_hz / (2 * STEPS), making->fs_hz);
    power += gain * gain / STEPS;
  }
  s->gain = 1 / sqrt(power);
  s->slot = -1;
  *state = s;
  return evl_slots_plan(making, "muscle", SLOT_S, evl_params_real(p, "muscle_per_min"), &s->slots);
}

static double filtered(muscle *s, int c, double x) {
  for (int i = 0; i < SECTIONS; i++) {
    const evl_biquad *b = &s->section[i];
    double *p = &s->memory[i][0][c], *q = &s->memory[i][1][c], y = b->b0 * x + *p;
    *p = b->b1 * x - b->a1 * y + *q;
    *q = b->b2 * x - b->a2 * y;
    x = y;
  }
  x *= s->gain;
  return x > MOST_SD ? MOST_SD : x < -MOST_SD ? -MOST_SD : x;
}

/* Motor units below each electrode are its own: independent noise. The stream goes on over blocks. */
static void add(muscle *s, int64_t slot, const burst *b, int64_t first, double *x, size_t ld, int n) {
  double fs_hz = s->slots.making.fs_hz, pi = acos(-1.0);
  int from = evl_block_from(b->onset_s, fs_hz, first, n);
  int to = evl_block_from(b->onset_s + b->length_s, fs_hz, first, n);
  for (int t = from; t < to; t++) {
    if (s->slot != slot) {
      s->slot = slot;
      evl_random_begin(&s->random, s->slots.making.seed, s->slots.making.id, "motor_units",
                       s->slots.making.recording << 32 | (uint64_t)slot);
      for (int i = 0; i < SECTIONS; i++)
        for (int c = 0; c < EVL_HEAD_CHANNELS; c++) s->memory[i][0][c] = s->memory[i][1][c] = 0;
    }
    double t_s = (double)(first + t) / fs_hz - b->onset_s, inside = fmin(t_s, b->length_s - t_s) / RAMP_S;
    double height_uv = b->height_uv * (inside >= 1 ? 1 : 0.5 - 0.5 * cos(pi * inside));
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      if (b->weight[c] > 0)
        x[(size_t)c * ld + (size_t)t] += height_uv * b->weight[c] * filtered(s, c, evl_random_normal(&s->random));
  }
}

/* The mask: where the envelope of the strongest channel lets three sd pass the floor. */
static bool mask(const muscle *s, const burst *b, evl_event *event) {
  double share = EVL_ARTEFACT_FLOOR_UV / (MOST_SD * b->height_uv);
  if (share >= 1) return false;
  double ramp_s = RAMP_S * acos(1 - 2 * share) / acos(-1.0);
  double fs_hz = s->slots.making.fs_hz, onset_s = floor((b->onset_s + ramp_s) * fs_hz) / fs_hz;
  double end_s = fmin(ceil((b->onset_s + b->length_s - ramp_s) * fs_hz + 1) / fs_hz, s->slots.making.duration_s);
  if (end_s <= onset_s) return false;
  *event = (evl_event){
      .kind = "muscle", .onset_s = onset_s, .duration_s = end_s - onset_s, .height_uv = b->height_uv};
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    if (MOST_SD * b->height_uv * b->weight[c] > EVL_ARTEFACT_FLOOR_UV) event->channels |= 1u << c;
  return true;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  muscle *s = state;
  double fs_hz = s->slots.making.fs_hz, from_s = (double)first / fs_hz, to_s = (double)(first + n) / fs_hz;
  for (int64_t slot = (int64_t)(from_s / SLOT_S); (double)slot * SLOT_S < to_s; slot++) {
    evl_random random;
    burst b;
    evl_event event;
    if (!draw(s, slot, &random, &b)) continue;
    add(s, slot, &b, first, x, ld, n);
    if (mask(s, &b, &event) && event.onset_s >= from_s && event.onset_s < to_s) EVL_TRY(tell(context, &event));
  }
  return EVL_OK;
}

static double limit_uv(const void *state) { return MOST_SD * 1.01 * ((const muscle *)state)->range_uv[1]; }

const evl_artefact evl_artefact_muscle = {
    .name = "muscle",
    .summary = "bursts of muscle in the temporal and frontal channels",
    .definition =
        "At most one in every slot of 6 s, inside it, for 0.3 to 4 s (uniform in the logarithm): noise of its own "
        "in each channel, Butterworth of order 2 at both ends of muscle_band_hz, cut at 3 sd, ramps of 50 ms; at "
        "T7, T8 (a third each), Fp1 or Fp2, falling off with a Gaussian of 0.45 radian. Height: rms. Mask: where 3 "
        "sd pass 5 uV.",
    .cite = "Goncharova et al. 2003, doi:10.1016/S1388-2457(03)00093-2",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
