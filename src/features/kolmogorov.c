/* kolmogorov: algorithmic complexity by compression. The only file of the features with zlib. */
#include <string.h>
#include <zlib.h>

#include "parts_priv.h"

enum { LETTERS = 32, LEAST = 10 };

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  z_stream stream;      /* its memory is of the arena, taken when planned */
  uint8_t *alive;       /* [epochs] */
  double *mixed;        /* [samples of an epoch] */
  double *complexity;   /* [epochs] */
  unsigned char *text, *packed;
  size_t packed_bytes;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"plain\"", 0, 0, "plain|nice", "",
     "plain: the window as a whole; nice: epochs of 1 s and their trimmed mean, where the parameters below do not say "
     "otherwise."},
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_preset nice_values[] = {{"epoch_s", 1.0, NULL}, {"reduce", 0, "trimmed_mean80"}, {0}};

static const evl_output outputs[] = {
    {"complexity", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 4.0, "Bytes of the compressed letters over their number."},
    {"mean_complexity", EVL_PER_WINDOW, NULL, false, "1", 0.0, 4.0, "Mean of complexity over the channels that have one."},
    {0}};

static void *from_arena(void *arena, unsigned n, unsigned each) { return evl_arena_alloc(arena, (size_t)n * each); }
static void to_arena(void *arena, void *memory) { (void)arena, (void)memory; }

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice_values, &settings);
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  EVL_TRY(evl_parts_plan(p, "kolmogorov", shape, arena, &k->epochs));
  EVL_NEW(arena, k->alive, k->epochs->n);
  EVL_NEW(arena, k->complexity, k->epochs->n);
  EVL_NEW(arena, k->mixed, k->epochs->length);
  EVL_NEW(arena, k->text, k->epochs->length);
  k->stream.zalloc = from_arena;
  k->stream.zfree = to_arena;
  k->stream.opaque = arena;
  if (deflateInit(&k->stream, Z_DEFAULT_COMPRESSION) != Z_OK)
    return evl_fail(EVL_MEMORY, "kolmogorov: zlib %s does not start", zlibVersion());
  k->packed_bytes = deflateBound(&k->stream, (uLong)k->epochs->length);
  EVL_NEW(arena, k->packed, k->packed_bytes);
  *planned = k;
  return EVL_OK;
}

/* Letters by equal bins between the tenth parts of the values at either end; false where these are equal. */
static bool spell(const kernel *k, const double *x, int n) {
  memcpy(k->mixed, x, (size_t)n * sizeof *x);
  const int cut = n / 10;
  const double low = evl_select(k->mixed, (size_t)n, (size_t)cut);
  const double high = evl_select(k->mixed + cut, (size_t)(n - cut), (size_t)(n - 2 * cut));
  const double bin = (high - low) / LETTERS;
  if (!(bin > 0.0) || isinf(bin)) return false;
  for (int t = 0; t < n; t++)
    k->text[t] = (unsigned char)('A' + (int)fmin(fmax(floor((x[t] - low) / bin), 0.0), LETTERS - 1.0));
  return true;
}

static double compressed(kernel *k, int n) {
  deflateReset(&k->stream);
  k->stream.next_in = k->text;
  k->stream.avail_in = (uInt)n;
  k->stream.next_out = k->packed;
  k->stream.avail_out = (uInt)k->packed_bytes;
  return deflate(&k->stream, Z_FINISH) == Z_STREAM_END ? (double)k->stream.total_out / n : NAN;
}

static double run_channel(kernel *k, const double *x) {
  const int n = k->epochs->length;
  double complexity;
  evl_parts_alive(k->epochs, x, k->alive);
  for (int e = 0; e < k->epochs->n; e++) {
    k->alive[e] = k->alive[e] && spell(k, x + (size_t)e * (size_t)n, n);
    k->complexity[e] = k->alive[e] ? compressed(k, n) : 0.0;
  }
  evl_parts_reduce(k->epochs, k->alive, k->complexity, 1, 1, NULL, &complexity);
  return complexity;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (k->epochs->length < LEAST) return;
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c]) evl_put(out, (size_t)c, run_channel(k, window->x + (size_t)c * window->ld));
  evl_put(out, (size_t)window->n_channels, evl_mean_of_channels(out->value, window->n_channels));
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const int length = evl_parts_length(evl_settings_of(given, "nice", nice_values, &settings), shape);
  return shape->n_channels * (shape->n_samples * 0.06 + 2.0 * floor((double)shape->n_samples / length));
}

const evl_entry evl_feature_kolmogorov = {
    .name = "kolmogorov",
    .summary = "Kolmogorov-Chaitin complexity as NICE has it: how far the signal in 32 letters can be compressed.",
    .definition = "s: the n samples sorted, k = floor(n / 10). 32 equal bins between s_k and s_{n-k}, values beyond in "
                  "the outer ones, give a letter a sample; complexity = bytes of zlib's stream of the letters (level "
                  "6, header of 2 and checksum of 4 bytes included) over n. Undefined for fewer than 10 samples or "
                  "equal s_k and s_{n-k}. In epochs: each by itself, then reduced. The default takes the window as a "
                  "whole, because in a second's letters the stream's fixed parts and tables weigh as much as the "
                  "signal. Other implementations of zlib's format compress to other lengths.",
    .cite = "Sitt et al. 2014, doi:10.1093/brain/awu141, supplement; Engemann et al. 2018, doi:10.1093/brain/awy251",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
