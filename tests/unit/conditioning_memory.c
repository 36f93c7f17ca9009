/* Planned memory is bounded by the block, and run allocates nothing. */
#include <stdatomic.h>

#include "conditioning_help.h"

/* Every allocation of the program comes through here: the linker prefers these to the C library's. The
   address sanitizer needs its own; under it nothing is counted. */
static atomic_long allocations;
#ifdef __SANITIZE_ADDRESS__
enum { COUNTING = 0 };
#else
enum { COUNTING = 1 };
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
void *malloc(size_t n) { allocations++; return __libc_malloc(n); }
void *calloc(size_t n, size_t size) { allocations++; return __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { allocations++; return __libc_realloc(p, n); }
void *aligned_alloc(size_t align, size_t n) { allocations++; return __libc_memalign(align, n); }
#endif

static const char *const labels[] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4",
                                     "T8",  "P7",  "P3", "Pz", "P4", "P8", "O1", "O2", "A1", "A2"};
enum { SOURCES = 21 };

static evl_status wave(void *context, int source, int64_t first, int64_t n, double *x) {
  const double *period = context;
  for (int64_t t = 0; t < n; t++) x[t] = (double)((first + t) % (97 + source)) / *period;
  return EVL_OK;
}

/* One block deep inside a stretch of 72 h, one at its start, one at its end. */
static void check(const char *config, double fs_hz, double block_s, double most_mb) {
  evl_arena *arena = evl_arena_create();
  evl_montage *montage;
  evl_chain *chain;
  evl_source source[SOURCES];
  double period = 10.0;
  for (int i = 0; i < SOURCES; i++) source[i] = (evl_source){labels[i], fs_hz, .usable = true};
  evl_params *params = help_params(arena, config);
  CHECK(params && evl_montage_plan(params, 0, NULL, arena, &montage) == EVL_OK);
  size_t before = evl_arena_bytes(arena);
  CHECK(evl_chain_plan(params, montage, SOURCES, source, NULL, 50.0, block_s, arena, &chain) == EVL_OK);
  double mb = (double)(evl_arena_bytes(arena) - before) / 1e6;
  int64_t stretch = (int64_t)(72 * 3600 * fs_hz), all = evl_chain_samples(chain, stretch);
  int64_t n = (int64_t)(block_s * evl_chain_fs_hz(chain));
  double *x = malloc((size_t)montage->n * (size_t)n * sizeof *x);
  long count = allocations;
  CHECK(evl_chain_run(chain, wave, &period, stretch, 0, n, x, (size_t)n) == EVL_OK);
  CHECK(evl_chain_run(chain, wave, &period, stretch, all / 2, n, x, (size_t)n) == EVL_OK);
  CHECK(evl_chain_run(chain, wave, &period, stretch, all - n, n, x, (size_t)n) == EVL_OK);
  CHECK(allocations == count && (count > 0) == COUNTING);
  printf("# %.0f Hz, blocks of %.0f s: %.1f MB\n", fs_hz, block_s, mb);
  CHECK(mb < most_mb);
  free(x);
  evl_arena_free(arena);
}

/* 604 s of 250 Hz on 20 lanes, and margins, are 26 MB. */
static void default_chain(void) { check("", 500.0, 600.0, 28.0); }
static void linked_ears(void) { check("reference = \"linked\";", 250.0, 60.0, 5.0); }
static void bipolar_high_rate(void) { check("reference = \"bipolar\";", 5000.0, 60.0, 8.0); }
/* Rows beside the window for electrodes of pairs; windows of the line and their coefficients. */
static void steps_between_channels(void) {
  check("reference = \"csd\"; interpolate = true;", 250.0, 60.0, 5.5);
  check("reference = \"bipolar\"; interpolate = true;", 250.0, 60.0, 7.5);
}
static void line_by_regression(void) { check("notch_method = \"regression\"; band_hz = (0.5, 0);", 250.0, 60.0, 6.5); }
static void odd_rate(void) { check("", 173.61, 60.0, 24.0); }

int main(void) {
  RUN(default_chain);
  RUN(linked_ears);
  RUN(bipolar_high_rate);
  RUN(steps_between_channels);
  RUN(line_by_regression);
  RUN(odd_rate);
  CHECK_DONE();
}
