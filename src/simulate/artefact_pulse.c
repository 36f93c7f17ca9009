/* The heart: its electric field in all channels, and a pulse wave under one electrode that lies on an artery. */
#include <math.h>

#include "artefacts_priv.h"

#define DELAY_S 0.2       /* of the pulse wave after the R peak */
#define R_S 0.22          /* of the R peak after the onset of a beat */
#define BEAT_S 0.75       /* length of both waves */
#define IRREGULAR 0.06    /* of a beat: how far its onset moves */

static const evl_param params[] = {
    {"heart_hz", EVL_REALS, "(1.0, 2.0)", 0.4, 4, NULL, "Hz", "Heart rate of a recording: lowest, highest."},
    {"ecg_uv", EVL_REALS, "(8.0, 40.0)", 0, 1000, NULL, "uV",
     "Height of the QRS complex at its strongest electrode: lowest, highest."},
    {"pulse_uv", EVL_REALS, "(15.0, 80.0)", 0, 1000, NULL, "uV", "Height of the pulse wave: lowest, highest."},
    {0}};

enum { ECG, PULSE, KINDS };
typedef struct heart {
  evl_transients wave[KINDS];
  double slot_s, ecg_uv, pulse_uv, axis[EVL_HEAD_CHANNELS];
  int artery; /* head channel */
} heart;

/* The same random numbers for both waves: one beat. */
static double onset(const heart *s, evl_random *random, double slot_s) {
  return slot_s + s->slot_s * IRREGULAR * evl_random_uniform(random);
}

static void draw_ecg(const void *context, evl_random *random, double slot_s, evl_transient *beat) {
  const heart *s = context;
  beat->onset_s = onset(s, random, slot_s);
  beat->length_s = BEAT_S;
  beat->height_uv = s->ecg_uv * (0.95 + 0.1 * evl_random_uniform(random));
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) beat->weight[c] = s->axis[c];
}

static void draw_pulse(const void *context, evl_random *random, double slot_s, evl_transient *beat) {
  const heart *s = context;
  beat->onset_s = onset(s, random, slot_s) + R_S + DELAY_S;
  beat->length_s = BEAT_S;
  beat->height_uv = s->pulse_uv * (0.9 + 0.2 * evl_random_uniform(random));
  beat->weight[s->artery] = 1;
}

static double bump(double t_s, double at_s, double sd_s) {
  double u = (t_s - at_s) / sd_s;
  return exp(-0.5 * u * u);
}

/* P, Q, R, S, T. */
static double ecg_wave(const double shape[4], double t_s) {
  (void)shape;
  return 0.1 * bump(t_s, R_S - 0.16, 0.022) - 0.12 * bump(t_s, R_S - 0.026, 0.009) + bump(t_s, R_S, 0.011) -
         0.22 * bump(t_s, R_S + 0.028, 0.011) + 0.22 * bump(t_s, R_S + 0.26, 0.05);
}

/* A fast rise, a slow fall with a second, lower crest. */
static double pulse_wave(const double shape[4], double t_s) {
  double u = t_s / 0.12;
  (void)shape;
  return 0.95 * u * u * exp(2 * (1 - u)) + 0.2 * bump(t_s, 0.38, 0.07);
}

/* Left to right, a little from below: the heart's axis at the head; 1 at the strongest electrode. */
static void plan_axis(double axis[EVL_HEAD_CHANNELS]) {
  double most = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double point[3];
    evl_head_point(c, point);
    axis[c] = -0.85 * point[0] - 0.15 * point[1] - 0.5 * point[2];
    most = fmax(most, fabs(axis[c]));
  }
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) axis[c] /= most;
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  static const int arteries[] = {2, 6, 7, 11, 12, 16}; /* F7 F8 T7 T8 P7 P8 */
  heart *s;
  evl_random random;
  double rate_hz[2], ecg_uv[2], pulse_uv[2];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "heart_hz", rate_hz));
  EVL_TRY(evl_slots_range(p, "ecg_uv", ecg_uv));
  EVL_TRY(evl_slots_range(p, "pulse_uv", pulse_uv));
  double hz = evl_slots_own(making, "heart_hz", rate_hz, false);
  s->slot_s = 1 / hz;
  s->ecg_uv = evl_slots_own(making, "ecg_uv", ecg_uv, true);
  s->pulse_uv = evl_slots_own(making, "pulse_uv", pulse_uv, true);
  evl_random_begin(&random, making->seed, making->id, "artery", making->recording);
  s->artery = arteries[evl_random_below(&random, 6)];
  plan_axis(s->axis);
  evl_transients beat = {.longest_s = s->slot_s + 2 * BEAT_S, .context = s};
  EVL_TRY(evl_slots_plan(making, "beats", s->slot_s, 60 * hz * (1 - 1e-12), &beat.slots));
  s->wave[ECG] = s->wave[PULSE] = beat;
  s->wave[ECG].kind = "ecg";
  s->wave[ECG].draw = draw_ecg;
  s->wave[ECG].wave = ecg_wave;
  s->wave[PULSE].kind = "pulse";
  s->wave[PULSE].draw = draw_pulse;
  s->wave[PULSE].wave = pulse_wave;
  *state = s;
  return EVL_OK;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  return evl_transients_run(((heart *)state)->wave, KINDS, first, x, ld, n, tell, context);
}

static double limit_uv(const void *state) {
  const heart *s = state;
  return 3 * (s->ecg_uv + s->pulse_uv);
}

const evl_artefact evl_artefact_pulse = {
    .name = "pulse",
    .summary = "the heart's field in all channels (kind ecg), a pulse wave under one temporal electrode (kind pulse)",
    .definition =
        "One beat every 1 / heart_hz, its onset moved by up to 6 %. ecg: Gaussians for P, Q, R, S, T (R: sd 11 ms),"
        " times the electrode's place along an axis from left and below to right. pulse: at an electrode of F7, F8,"
        " T7, T8, P7, P8, from 0.2 s after the R peak, u^2 exp(2 (1 - u)), u = t / 0.12 s, and a second crest. Mask"
        " of each wave: above 5 uV.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
