/* Decoding on one core: all samples of a recording, load by load of BLOCK_S seconds, signal by signal, in pieces of
   PIECE samples as the chain fetches them.
   usage: decode BLOCK_S REPEATS FILE. Prints the best processor seconds of a pass, the
   raw bytes of its samples, and the sum of all samples (so that nothing is left out). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "eveil/readers.h"

enum { PIECE = 4096 };

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "decode: %s\n", evl_error_message());
  exit(1);
}

static double pass(evl_reader *reader, double block_s) {
  static double x[PIECE];
  const evl_header *h = evl_reader_header(reader);
  double sum = 0;
  for (int i = 0; i < h->n_stretches; i++)
    for (double from_s = 0; from_s < h->stretch[i].duration_s; from_s += block_s) {
      double to_s = fmin(from_s + block_s, h->stretch[i].duration_s);
      must(evl_reader_load(reader, i, from_s, to_s));
      for (int s = 0; s < h->n_signals; s++) {
        if (h->signal[s].kind == EVL_SIGNAL_ANNOTATION) continue;
        int64_t end = llround(to_s * h->signal[s].fs_hz);
        for (int64_t first = llround(from_s * h->signal[s].fs_hz); first < end; first += PIECE) {
          int64_t n = end - first < PIECE ? end - first : PIECE;
          must(evl_reader_channel(reader, s, first, n, x));
          sum += x[n - 1];
        }
      }
    }
  return sum;
}

int main(int argc, char **argv) {
  if (argc != 4) return 1;
  evl_arena *arena = evl_arena_create();
  evl_reader *reader;
  must(evl_reader_open(argv[3], NULL, (size_t)256 << 20, arena, &reader));
  const evl_header *h = evl_reader_header(reader);
  double best_s = INFINITY, sum = 0;
  for (int i = 0; i < atoi(argv[2]); i++) {
    double began_s = processor_seconds();
    sum = pass(reader, atof(argv[1]));
    best_s = fmin(best_s, processor_seconds() - began_s);
  }
  int64_t bytes = 0;
  for (int i = h->n_files > 1; i < h->n_files; i++) bytes += h->file[i].bytes;
  printf("{\"seconds\": %.6g, \"bytes\": %lld, \"format\": \"%s\", \"sum\": %.17g}\n", best_s, (long long)bytes,
         h->format, sum);
  evl_reader_close(reader);
  evl_arena_free(arena);
  return 0;
}
