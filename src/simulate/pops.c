#include "simulate_priv.h"

#include <math.h>

enum { DECAYS = 6 };

bool evl_pops_draw(uint64_t seed, const char *who, uint64_t stream, double per_min, int64_t slot, evl_pop *pop) {
  evl_random random;
  evl_random_begin(&random, seed, who, "pops", stream << 32 | (uint64_t)slot);
  if (evl_random_uniform(&random) >= per_min * EVL_POPS_SLOT_S / 60) return false;
  pop->onset_s = EVL_POPS_SLOT_S * ((double)slot + evl_random_uniform(&random));
  pop->height_uv = 150 + 250 * evl_random_uniform(&random);
  if (evl_random_uniform(&random) < 0.5) pop->height_uv = -pop->height_uv;
  pop->decay_s = 0.1 + 0.3 * evl_random_uniform(&random);
  pop->channel = (int)evl_random_below(&random, EVL_HEAD_CHANNELS);
  return true;
}

void evl_pops_add(const evl_pop *pop, double gain, int64_t first, double fs_hz, double *x, size_t ld, int n) {
  double begin = ceil(pop->onset_s * fs_hz) - (double)first;
  double end = (pop->onset_s + DECAYS * pop->decay_s) * fs_hz - (double)first;
  double *row = x + (size_t)pop->channel * ld;
  for (int t = begin > 0 ? (int)fmin(begin, n) : 0; t < n && t < end; t++)
    row[t] += gain * pop->height_uv * exp(-((double)(first + t) / fs_hz - pop->onset_s) / pop->decay_s);
}
