/* filter.c: responses against scipy 1.10.1 (signal.butter(output="zpk") through
   signal.freqz_zpk, signal.iirnotch), margins against the poles of the same designs. */
#include <limits.h>

#include "check.h"
#include "eveil/math.h"

typedef enum { LOW, HIGH, BAND } design_kind;

typedef struct {
  design_kind kind;
  int order;
  double low_hz, high_hz, fs_hz;
  int margin; /* smallest m with r^m < 1e-12 */
  double hz[6], gain[6];
} design;

static const design designs[] = {
  {LOW, 1, 40, 0, 250, 23,
   {0.05, 28, 40, 60, 120, 112.5},
   {0.999999346882, 0.831608215476, 0.707106781187, 0.505219944712, 0.0345669608934, 0.0867443717538}},
  {LOW, 4, 45, 0, 250, 77,
   {0.05, 31.5, 45, 67.5, 122.5, 112.5},
   {1, 0.982777326508, 0.707106781187, 0.097521641353, 1.58206465168e-07, 0.000102071183642}},
  {LOW, 5, 30, 0, 100, 92,
   {0.05, 21, 30, 45, 49, 45},
   {1, 0.998388046426, 0.707106781187, 0.000492331150728, 1.51411447126e-07, 0.000492331150728}},
  {LOW, 8, 0.3, 0, 500, 37570,
   {0.05, 0.21, 0.3, 0.45, 0.9, 225},
   {1, 0.998342499618, 0.707106781187, 0.0389883135246, 0.00015240423595, 6.31121846696e-29}},
  {HIGH, 1, 0.5, 0, 250, 2199,
   {0.05, 0.35, 0.5, 0.75, 1.5, 112.5},
   {0.0995024355298, 0.573459761311, 0.707106781187, 0.832054505712, 0.948693285414, 0.999999504817}},
  {HIGH, 3, 1, 0, 250, 2199,
   {0.05, 0.7, 1, 1.5, 3, 112.5},
   {0.000124980309987, 0.324421857513, 0.707106781187, 0.958813386271, 0.999316561599, 1}},
  {HIGH, 4, 0.1, 0, 500, 57458,
   {0.05, 0.07, 0.1, 0.15, 0.3, 225},
   {0.062378261625, 0.233464832911, 0.707106781187, 0.981043766444, 0.999923801457, 1}},
  {BAND, 1, 8, 13, 250, 439,
   {0.05, 5.6, 8, 10.1980390272, 13, 112.5},
   {0.00241710310385, 0.360689760632, 0.707106781187, 0.999996364317, 0.707106781187, 0.010134091601}},
  {BAND, 2, 0.5, 45, 250, 3111,
   {0.05, 0.35, 0.5, 4.74341649025, 45, 112.5},
   {0.00980417803069, 0.436408265827, 0.707106781187, 0.999999991672, 0.707106781187, 0.0099054574395}},
  {BAND, 3, 0.5, 30, 250, 4472,
   {0.05, 0.35, 0.5, 3.87298334621, 30, 112.5},
   {0.000953558589621, 0.317366549275, 0.707106781187, 1, 0.707106781187, 0.000235085204848}},
  {BAND, 4, 0.5, 45, 250, 5829,
   {0.05, 0.35, 0.5, 4.74341649025, 45, 112.5},
   {9.61311467224e-05, 0.229005532632, 0.707106781187, 1, 0.707106781187, 9.81277147171e-05}},
  {BAND, 4, 0.1, 120, 250, 28733,
   {0.05, 0.07, 0.1, 3.46410161514, 120, 112.5},
   {0.0623634515625, 0.233429053602, 0.707106781186, 1, 0.707106781187, 0.999691242601}},
  {BAND, 5, 9, 11, 1000, 15727,
   {0.05, 6.3, 9, 9.94987437107, 11, 450},
   {1.05338252919e-15, 0.000433129429893, 0.707106781187, 1, 0.707106781187, 9.80992866121e-16}},
  {BAND, 6, 0.5, 4, 128, 5485,
   {0.05, 0.35, 0.5, 1.41421356237, 4, 57.6},
   {4.53257760609e-07, 0.0770210231068, 0.707106781187, 1, 0.707106781187, 6.48589932666e-12}},
};

static evl_status make(const design *d, evl_biquad *section, int *n) {
  switch (d->kind) {
    case LOW: return evl_butterworth_low(d->order, d->low_hz, d->fs_hz, section, n);
    case HIGH: return evl_butterworth_high(d->order, d->low_hz, d->fs_hz, section, n);
    default: return evl_butterworth_band(d->order, d->low_hz, d->high_hz, d->fs_hz, section, n);
  }
}

/* 2e-9 of the gain: the poles of 0.1 Hz at 500 Hz lie 1e-3 from 1 and cost six digits of both programs. */
static void butterworth_responses(void) {
  for (size_t i = 0; i < sizeof designs / sizeof *designs; i++) {
    const design *d = &designs[i];
    evl_biquad section[EVL_MAX_SECTIONS];
    int n = 0;
    CHECK(make(d, section, &n) == EVL_OK);
    CHECK(n == (d->kind == BAND ? d->order : (d->order + 1) / 2));
    for (int k = 0; k < 6; k++) {
      double gain = evl_biquad_gain(section, n, d->hz[k], d->fs_hz);
      CHECK_NEAR((gain - d->gain[k]) / (d->gain[k] + 1e-15), 0.0, 2e-9);
    }
  }
}

static void margins(void) {
  for (size_t i = 0; i < sizeof designs / sizeof *designs; i++) {
    const design *d = &designs[i];
    evl_biquad section[EVL_MAX_SECTIONS];
    int n = 0;
    CHECK(make(d, section, &n) == EVL_OK);
    /* The zpk poles of repeated designs are themselves known to about 1e-6 of their distance from 1. */
    CHECK_NEAR(evl_biquad_margin(section, n, 1e-12), d->margin, 1e-5);
  }
  evl_biquad half = {1.0, 0.0, 0.0, -0.5, 0.0};
  CHECK(evl_biquad_margin(&half, 1, 1e-12) == 40); /* 2^-39 = 1.8e-12 */
  evl_biquad growing = {1.0, 0.0, 0.0, -1.0, 0.0};
  CHECK(evl_biquad_margin(&growing, 1, 1e-12) == INT_MAX);
  CHECK(evl_biquad_margin(NULL, 0, 1e-12) == 0);
}

/* The impulse response of the cascade has the modulus that evl_biquad_gain says: the
   sections mean what their names say. */
static void impulse_response(void) {
  const design *d = &designs[10];
  evl_biquad section[EVL_MAX_SECTIONS];
  int n = 0;
  CHECK(make(d, section, &n) == EVL_OK);
  double s1[EVL_MAX_SECTIONS] = {0}, s2[EVL_MAX_SECTIONS] = {0}, re[6] = {0}, im[6] = {0};
  for (int t = 0; t < 3 * d->margin; t++) {
    double x = t == 0;
    for (int k = 0; k < n; k++) {
      const evl_biquad *q = &section[k];
      double y = q->b0 * x + s1[k];
      s1[k] = q->b1 * x - q->a1 * y + s2[k];
      s2[k] = q->b2 * x - q->a2 * y;
      x = y;
    }
    for (int k = 0; k < 6; k++) {
      re[k] += x * cos(2 * M_PI * d->hz[k] / d->fs_hz * t);
      im[k] += x * sin(2 * M_PI * d->hz[k] / d->fs_hz * t);
    }
  }
  for (int k = 0; k < 6; k++) CHECK_NEAR(hypot(re[k], im[k]), d->gain[k], 1e-10);
}

typedef struct { double centre_hz, quality, fs_hz, coefficient[5], hz[5], gain[5]; } notch_case;

static const notch_case notches[] = {
  {50, 30, 250,
   {0.97948276098144949, -0.60535363768112516, 0.97948276098144949,
    -0.60535363768112516, 0.95896552196289897},
   {1, 49, 50, 50.3, 117.5},
   {0.99999970955448381, 0.76953335595292749, 2.8448212983663212e-15,
    0.33831484114483762, 0.999995380375856}},
  {60, 60, 250,
   {0.98758893809032466, -0.12402244500818907, 0.98758893809032466,
    -0.12402244500818907, 0.97517787618064933},
   {1, 59, 60, 60.3, 117.5},
   {0.99999994318760688, 0.89459698031271462, 2.8009743842537355e-16,
    0.5143933145550228, 0.99999746142999701}},
  {50, 50, 500,
   {0.99375596495365714, -1.6079309278179665, 0.99375596495365714,
    -1.6079309278179665, 0.98751192990731429},
   {1, 49, 50, 50.3, 235},
   {0.99999991447212133, 0.8959920717443135, 0,
    0.51351514501017492, 0.9999997839994369}},
  {100, 20, 256,
   {0.94211960761267499, 1.4565366100051955, 0.94211960761267499,
    1.4565366100051955, 0.88423921522534998},
   {1, 99, 100, 100.3, 120.32},
   {0.99999963830859906, 0.36639178625779639, 7.5589277631777788e-16,
    0.11953089942065541, 0.99849045172985385}},
};

static void notch_design(void) {
  for (size_t i = 0; i < sizeof notches / sizeof *notches; i++) {
    const notch_case *c = &notches[i];
    evl_biquad q = evl_notch_design(c->centre_hz, c->quality, c->fs_hz);
    const double found[5] = {q.b0, q.b1, q.b2, q.a1, q.a2};
    for (int k = 0; k < 5; k++) {
      CHECK_NEAR(found[k], c->coefficient[k], 1e-14);
      CHECK_NEAR(evl_biquad_gain(&q, 1, c->hz[k], c->fs_hz), c->gain[k], 1e-12);
    }
  }
}

static void refused_designs(void) {
  evl_biquad section[EVL_MAX_SECTIONS];
  int n;
  CHECK(evl_butterworth_low(4, 125.0, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_low(4, 0.0, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_low(4, NAN, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_low(4, 10.0, 0.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_low(4, 10.0, INFINITY, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_high(0, 1.0, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_high(EVL_MAX_SECTIONS + 1, 1.0, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_band(2, 45.0, 0.5, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_band(2, 10.0, 10.0, 250.0, section, &n) == EVL_USAGE);
  CHECK(evl_butterworth_high(2, 1e-20, 250.0, section, &n) == EVL_NUMERIC);
}

int main(void) {
  RUN(butterworth_responses);
  RUN(margins);
  RUN(impulse_response);
  RUN(notch_design);
  RUN(refused_designs);
  CHECK_DONE();
}
