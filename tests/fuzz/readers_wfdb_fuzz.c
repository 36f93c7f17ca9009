/* WFDB records with bytes changed in header, segments, samples and annotations. Meant to run under sanitizers, too. */
#include "readers_fuzz.h"

enum { FLIPS = 2500, FRAMES = 200 };

static uint8_t noise[FRAMES * 16];

static void make_noise(void) {
  for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)fuzz_random(256);
}

static void make_record(const char *name, const char *lines) {
  char file[64];
  make_noise();
  snprintf(file, sizeof file, "%s.hea", name);
  scratch_file(file, lines);
}

static void plain(void) {
  scratch_clear();
  fuzz_state = 20260301;
  make_record("r", "r 4 100/200(3) 200 12:30:15 24/12/2019\nr.dat 16x2+4 12.5(3)/uV 16 0 0 0 0 Fp1\n"
                                      "r.dat 16:2+4 0(3)/uV 12 2 0 0 0 Cz\np.dat 212x3 200/mV 12 0 5\n"
                                      "d.dat 8:-3 3.25(-7)/nu 8 0 12 0 0 E C G\n#Utility frequency: 50\n");
  scratch_bytes("r.dat", noise, FRAMES * 6 + 4);
  scratch_bytes("p.dat", noise, FRAMES * 9 / 2);
  scratch_bytes("d.dat", noise, FRAMES);
  scratch_bytes("r.atr", noise, 500);
  static char kept[4096];
  snprintf(kept, sizeof kept, "%s", scratch_path("r.hea"));
  fuzz_tally t = {0, 0};
  fuzz_judge(kept, &t);
  CHECK(t.accepted == 1);
  if (t.refused) printf("# %s\n", evl_error_message());
  fuzz_flips("r.hea", kept, FLIPS, &t);
  fuzz_flips("r.atr", kept, 200, &t);
  make_record("r", "r 2 100\nr.dat 311x2 12/uV\nr.dat 311 12/uV\n");
  fuzz_flips("r.hea", kept, FLIPS, &t);
  fuzz_flips("r.atr", kept, 500, &t);
  printf("# plain: %d accepted, %d refused\n", t.accepted, t.refused);
  CHECK(t.accepted > 100 && t.refused > 100);
}

static void segments(void) {
  scratch_clear();
  fuzz_state = 20260302;
  fuzz_tally t = {0, 0};
  make_record("s", "s 2 100 100\ns.dat 24 12.5(3)/uV 16 0 0 0 0 Fp1\ns.dat 24 2(3)/uV 12 2 0 0 0 Cz\n");
  make_record("u", "u 1 100 80\nu.dat 310x1 12.5(3)/uV 16 0 0 0 0 Cz\n");
  make_record("lay", "lay 2 100 0\n~ 0 1/uV 0 0 0 0 0 Cz\n~ 0 1/uV 0 0 0 0 0 Fp1\n");
  make_record("m", "m/4 2 100 210\nlay 0\ns 100\n~ 30\nu 80\n");
  scratch_bytes("s.dat", noise, 600);
  scratch_bytes("u.dat", noise, 108);
  static char kept[4096];
  snprintf(kept, sizeof kept, "%s", scratch_path("m.hea"));
  CHECK(fuzz_judge(kept, &t) && t.accepted == 1);
  static const char *const names[] = {"m.hea", "s.hea", "u.hea", "lay.hea", "u.dat"};
  for (int i = 0; i < 5; i++) fuzz_flips(names[i], kept, i ? FLIPS / 4 : FLIPS, &t);
  printf("# segments: %d accepted, %d refused\n", t.accepted, t.refused);
  CHECK(t.accepted > 100 && t.refused > 100);
}

/* With a checksum, a changed sample is always found; a changed byte of a MATLAB header, too, but in the name. */
static void matlab(void) {
  scratch_clear();
  fuzz_state = 20260303;
  fuzz_tally t = {0, 0};
  uint8_t file[24 + 4 * FRAMES] = {30, 0, 0, 0, 2, 0, 0, 0, FRAMES, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'v', 'a', 'l', 0};
  char text[256];
  make_noise();
  memcpy(file + 24, noise, 4 * FRAMES);
  int sum[2] = {0, 0};
  for (int f = 0; f < 2 * FRAMES; f++) sum[f % 2] += noise[2 * f] | noise[2 * f + 1] << 8;
  snprintf(text, sizeof text, "r 2 500 %d\nr.mat 16+24 10(5)/nu 16 0 0 %d 0 Fp1\nr.mat 16+24 10(5)/nu 16 0 0 %d 0 Cz\n",
           FRAMES, sum[0] & 65535, (int16_t)(sum[1] & 65535));
  static char kept[4096];
  snprintf(kept, sizeof kept, "%s", scratch_file("r.hea", text));
  scratch_bytes("r.mat", file, sizeof file);
  CHECK(fuzz_judge(kept, &t) && t.accepted == 1);
  for (size_t at = 0; at < sizeof file; at++) {
    if (at >= 20 && at < 24) continue;
    uint8_t before = file[at];
    file[at] = (uint8_t)(before + 1 + fuzz_random(255));
    scratch_bytes("r.mat", file, sizeof file);
    CHECK(fuzz_judge(kept, &t));
    file[at] = before;
  }
  CHECK(t.accepted == 1);
}

int main(void) {
  scratch_begin();
  RUN(plain);
  RUN(segments);
  RUN(matlab);
  scratch_end();
  CHECK_DONE();
}
