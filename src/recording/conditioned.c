/* conditioned: the channels of an analysis as its windows see them, for files and pictures. */
#include <math.h>

#include "worker_priv.h"

evl_status evl_worker_bind(evl_worker *w, const char *path, const evl_probe *probe) {
  return evl_worker_open(w, path, probe);
}

double evl_worker_fs_hz(const evl_worker *w, int a) { return evl_chain_fs_hz(w->group[w->group_of[a]].chain); }

const uint8_t *evl_worker_channel_why(const evl_worker *w, int a) {
  return evl_chain_channel_why(w->group[w->group_of[a]].chain);
}

const evl_header *evl_worker_header(const evl_worker *w) { return evl_reader_header(w->reader); }

static int64_t input_samples(const evl_worker *w, const evl_chain *chain, int s) {
  return llround(evl_worker_header(w)->stretch[s].duration_s * evl_chain_fs_in_hz(chain));
}

int64_t evl_worker_samples(const evl_worker *w, int a, int s) {
  const evl_chain *chain = w->group[w->group_of[a]].chain;
  return evl_chain_samples(chain, input_samples(w, chain, s));
}

evl_status evl_worker_conditioned(evl_worker *w, int a, int s, int64_t first, int64_t n, double *x, size_t ld) {
  evl_chain *chain = w->group[w->group_of[a]].chain;
  int64_t in = input_samples(w, chain, s), in_first, in_n;
  double fs_in_hz = evl_chain_fs_in_hz(chain);
  evl_chain_needs(chain, first, n, in, &in_first, &in_n);
  EVL_TRY(evl_worker_load(w, s, (double)in_first / fs_in_hz, (double)(in_first + in_n) / fs_in_hz));
  return evl_chain_run(chain, evl_worker_fetch, w, in, first, n, x, ld);
}
