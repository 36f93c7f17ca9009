/* Artefacts: each changes the samples where its mask says and nowhere else, and looks as it claims. */
#include "simulate_help.h"
#include "../../src/simulate/artefacts_priv.h"

#define SECONDS 600 /* five slots of 120 s */
#define BACKGROUND "truths = [\"age\"]; coefficients = [1.0]; background_uv = [20.0, 0.1]; "

static evl_making making(uint64_t seed) {
  return (evl_making){.seed = seed, .fs_hz = 250, .duration_s = SECONDS, .line_hz = 50, .start_h = 24};
}

/* A recording with an artefact, one without, and where they differ. */
typedef struct pair {
  made with, without;
  double *change; /* |with - without|, infinite where a sample is missing; [channel * n + t] */
  uint8_t *mask;
} pair;

static pair *compare(const char *name, const char *keys, uint64_t seed) {
  char text[400];
  pair *p = malloc(sizeof *p);
  snprintf(text, sizeof text, BACKGROUND "artefacts = [\"%s\"]; %s: { %s };", name, name, keys);
  make(&p->with, text, making(seed), NULL);
  make(&p->without, BACKGROUND "artefacts = [];", making(seed), NULL);
  size_t n = (size_t)(EVL_HEAD_CHANNELS * p->with.n);
  p->change = malloc(n * sizeof *p->change);
  p->mask = calloc(n, 1);
  for (size_t i = 0; i < n; i++)
    p->change[i] = isnan(p->with.x[i]) ? INFINITY : fabs(p->with.x[i] - p->without.x[i]);
  for (int i = 0; i < p->with.n_events; i++) {
    const evl_event *e = &p->with.event[i];
    int64_t from = llround(e->onset_s * 250), to = llround((e->onset_s + e->duration_s) * 250);
    CHECK(from >= 0 && to > from && to <= p->with.n && e->channels);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      for (int64_t t = from; t < to && e->channels >> c & 1; t++) p->mask[(int64_t)c * p->with.n + t] = 1;
  }
  return p;
}

static void release(pair *p) {
  make_free(&p->with);
  make_free(&p->without);
  free(p->change);
  free(p->mask);
  free(p);
}

/* The largest change of an event's channels in samples [from, to). */
static double largest(const pair *p, const evl_event *e, int64_t from, int64_t to) {
  double most = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int64_t t = from; t < to && e->channels >> c & 1; t++)
      most = fmax(most, p->change[(int64_t)c * p->with.n + t]);
  return most;
}

/* Nothing outside the mask is changed by more than the floor a wave; every event begins and ends with a change above it,
   within `slack` samples. */
static void mask_is_the_change(const pair *p, const char *kind, int slack, int waves) {
  int64_t outside = 0, loose = 0, events = 0;
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * p->with.n; i++)
    outside += !p->mask[i] && p->change[i] > waves * EVL_ARTEFACT_FLOOR_UV * (1 + 1e-9);
  for (int i = 0; i < p->with.n_events; i++) {
    const evl_event *e = &p->with.event[i];
    int64_t from = llround(e->onset_s * 250), to = llround((e->onset_s + e->duration_s) * 250);
    int64_t near = to - from < slack ? to - from : slack;
    if (kind && strcmp(kind, e->kind) != 0) continue;
    events++;
    loose += !(largest(p, e, from, from + near) > EVL_ARTEFACT_FLOOR_UV * (1 - 1e-9));
    loose += !(largest(p, e, to - near, to) > EVL_ARTEFACT_FLOOR_UV * (1 - 1e-9));
  }
  if (outside || loose)
    printf("# %s: %lld samples outside, %lld loose ends of %lld events\n", kind ? kind : "all", (long long)outside,
           (long long)loose, (long long)events);
  CHECK(events > 0 && outside == 0 && loose == 0);
}

static void blinks(void) {
  for (uint64_t seed = 1; seed < 5; seed++) {
    pair *p = compare("blink", "blinks_per_min = 12.0;", seed);
    mask_is_the_change(p, "blink", 1, 1);
    CHECK(abs(p->with.n_events - 120) < 4 * 9); /* binomial: 300 slots of 0.4, sd 8.5 */
    double front = 0, centre = 0, back = 0, side = 0;
    for (int i = 0; i < p->with.n_events; i++) {
      const evl_event *e = &p->with.event[i];
      CHECK(e->height_uv > 80 * 0.98 && e->height_uv < 300 * 1.01 && e->duration_s > 0.15 && e->duration_s < 0.46);
    }
    for (int64_t t = 0; t < p->with.n; t++) {
      front = fmax(front, p->change[t]);
      centre = fmax(centre, p->change[9 * p->with.n + t]);
      back = fmax(back, p->change[17 * p->with.n + t]);
      side = fmax(side, p->change[3 * p->with.n + t]);
    }
    CHECK(centre / front > 0.06 && centre / front < 0.13); /* Corby & Kopell 1972: 9 % */
    CHECK(side / front > 0.2 && side / front < 0.45 && back / front < 0.09);
    release(p);
  }
}

static void pops(void) {
  pair *p = compare("pop", "pops_per_min = 3.0; pop_uv = [100.0, 300.0];", 5);
  mask_is_the_change(p, "pop", 1, 1);
  for (int i = 0; i < p->with.n_events; i++) CHECK(fabs(p->with.event[i].height_uv) > 95);
  release(p);
}

/* Muscle: its mask, and at least 9 tenths of the power of what it adds above 20 Hz. */
static void muscle(void) {
  pair *p = compare("muscle", "muscle_per_min = 8.0;", 6);
  mask_is_the_change(p, "muscle", 30, 1);
  int n = (int)p->with.n;
  double *added = malloc(sizeof(double) * (size_t)n), low = 0, high = 0;
  for (int t = 0; t < n; t++) added[t] = make_row(&p->with, 7)[t] - make_row(&p->without, 7)[t];
  for (int hz = 1; hz < 120; hz++) *(hz < 20 ? &low : &high) += density(added, n, 250, 1, hz);
  CHECK(high > 9 * low);
  free(added);
  release(p);
}

static void heart_and_ventilator(void) {
  pair *p = compare("pulse", "heart_hz = [1.2, 1.2]; ecg_uv = [30.0, 30.0]; pulse_uv = [60.0, 60.0];", 7);
  mask_is_the_change(p, NULL, 250, 2); /* T waves may stay below the floor, and beats overlap */
  int beats[2] = {0};
  for (int i = 0; i < p->with.n_events; i++) beats[!strcmp(p->with.event[i].kind, "pulse")]++;
  CHECK(abs(beats[0] - 720) < 3 && abs(beats[1] - 720) < 3);
  release(p);
  p = compare("ventilator", "breath_hz = [0.25, 0.25];", 8);
  mask_is_the_change(p, "ventilator", 1, 1);
  CHECK(abs(p->with.n_events - 150) < 2);
  release(p);
}

/* Line noise that wanders: within the band of its wander, with its harmonic; and sweat. */
static void line_and_sweat(void) {
  pair *p = compare("line", "line_uv = 20.0; line_wander_hz = 0.1; harmonics = [0.0, 0.3];", 9);
  mask_is_the_change(p, "line", 250, 1);
  int n = (int)p->with.n;
  double *added = malloc(sizeof(double) * (size_t)n), near = 0, all = 0;
  for (int t = 0; t < n; t++) added[t] = make_row(&p->with, 4)[t] - make_row(&p->without, 4)[t];
  for (double hz = 40; hz < 60; hz += 0.1) {
    double power = 0.1 * density(added, n, 250, 0.1, hz);
    all += power;
    if (fabs(hz - 50) < 0.5) near += power;
  }
  CHECK(fabs(all / 200 - 1) < 0.05 && near > 0.99 * all); /* 20^2 / 2 */
  CHECK(10 * density(added, n, 250, 0.1, 50) < 0.9 * 10 * 10 * all); /* not one line */
  free(added);
  release(p);
  p = compare("line", "line_uv = 4.0;", 9); /* below the floor: nothing to tell */
  CHECK(p->with.n_events == 0);
  release(p);
  p = compare("sweat", "drift_uv = 80.0; drift_period_s = [3.0, 12.0];", 10);
  mask_is_the_change(p, "sweat", 12 * 250, 1);
  release(p);
}

/* What replaces samples: masks hold every changed sample; what a masked one is. */
static void replaced_samples(void) {
  pair *p = compare("flat", "flats_per_min = 0.5; flat_channels = 2;", 11);
  int64_t n = p->with.n;
  mask_is_the_change(p, "flat", 250, 1);
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * n; i++)
    if (p->mask[i] ? p->with.x[i] != 0 : p->with.x[i] != p->without.x[i]) check_failures++;
  release(p);
  p = compare("clip", "rail_uv = [80.0, 80.0];", 12);
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * n; i++) {
    bool over = fabs(p->without.x[i]) > 80;
    if (over && !(p->mask[i] && fabs(p->with.x[i]) == 80)) check_failures++;
    if (!over && p->with.x[i] != p->without.x[i]) check_failures++;
  }
  for (int i = 0; i < p->with.n_events; i++) { /* no sample of slack at either end */
    const evl_event *e = &p->with.event[i];
    const double *row = make_row(&p->without, __builtin_ctz(e->channels));
    CHECK(fabs(row[llround(e->onset_s * 250)]) > 80 && fabs(row[llround((e->onset_s + e->duration_s) * 250) - 1]) > 80);
  }
  CHECK(p->with.n_events > 100 && p->with.n_events < 4096);
  release(p);
  for (int single = 0; single < 2; single++) {
    p = compare("gap", single ? "gaps_per_min = 0.5; gap_of = \"channel\";" : "gaps_per_min = 0.5;", 13);
    for (int64_t i = 0; i < EVL_HEAD_CHANNELS * n; i++)
      if (p->mask[i] != isnan(p->with.x[i])) check_failures++;
    for (int i = 0; i < p->with.n_events; i++) {
      CHECK(p->with.event[i].onset_s >= 1 && fmod(p->with.event[i].onset_s, 1) == 0);
      CHECK((p->with.event[i].channels == EVL_ALL_CHANNELS) == !single);
    }
    CHECK(p->with.n_events == 5);
    release(p);
  }
}

static void exchanged_channels(void) {
  pair *p = compare("swap", "swap_share = 1.0;", 14);
  size_t row = (size_t)p->with.n;
  mask_is_the_change(p, "swap", 250, 1);
  int a = __builtin_ctz(p->with.event[0].channels), b = 31 - __builtin_clz(p->with.event[0].channels);
  CHECK(a != b && memcmp(make_row(&p->with, a), make_row(&p->without, b), row * sizeof(double)) == 0);
  CHECK(memcmp(make_row(&p->with, b), make_row(&p->without, a), row * sizeof(double)) == 0);
  release(p);
  p = compare("bridge", "bridge_channels = 3;", 15);
  mask_is_the_change(p, "bridge", 250, 1);
  CHECK(__builtin_popcount(p->with.event[0].channels) == 3);
  a = __builtin_ctz(p->with.event[0].channels);
  for (int c = a; c < EVL_HEAD_CHANNELS; c++)
    if (p->with.event[0].channels >> c & 1)
      CHECK(memcmp(make_row(&p->with, c), make_row(&p->with, a), row * sizeof(double)) == 0);
  release(p);
}

/* A clock too fast or too slow: alpha of a known frequency comes out at f / (1 + e). The two recordings, resampled back
   by the told error, agree. */
static void clock_error(void) {
  static const double ppm[] = {2000, -2000};
  for (int i = 0; i < 2; i++) {
    char keys[80];
    snprintf(keys, sizeof keys, "clock_ppm = [%g, %g];", ppm[i], ppm[i]);
    pair *p = compare("clock", keys, 16);
    CHECK(p->with.n_events == 1 && p->with.event[0].note && atof(p->with.event[0].note) == ppm[i]);
    double wrong = 0, power = 0, ratio = 1 / (1 + 1e-6 * ppm[i]);
    double delay = 8 + ceil(fmax(0, p->with.n * (ratio - 1)));
    for (int64_t t = 2000; t < p->with.n; t += 37) { /* linear between samples: a few per cent */
      double at = (double)t * ratio - delay, part = at - floor(at);
      const double *x = make_row(&p->without, 4) + (int64_t)floor(at);
      double expected = x[0] + part * (x[1] - x[0]), found = make_row(&p->with, 4)[t];
      wrong += (found - expected) * (found - expected);
      power += expected * expected;
    }
    if (!(wrong < 0.03 * power)) printf("# %g ppm: %g of %g\n", ppm[i], wrong, power);
    CHECK(wrong < 0.03 * power);
    release(p);
  }
}

int main(void) {
  RUN(blinks);
  RUN(pops);
  RUN(muscle);
  RUN(heart_and_ventilator);
  RUN(line_and_sweat);
  RUN(replaced_samples);
  RUN(exchanged_channels);
  RUN(clock_error);
  CHECK_DONE();
}
