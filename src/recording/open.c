/* open: a worker bound to one recording: header, facts from fixed positions, rules of quality, chains. */
#include <math.h>
#include <string.h>

#include "worker_priv.h"

void evl_worker_shut(evl_worker *worker) {
  if (!worker->probe) return;
  evl_reader_close(worker->reader);
  evl_arena_release(worker->own, worker->mark);
  worker->reader = NULL;
  worker->probe = NULL;
  worker->annotations_known = false;
}

static evl_status check_kernels(const evl_worker *w, const char *path) {
  for (int a = 0; a < w->n_analyses; a++) {
    double fs_hz = evl_chain_fs_hz(w->group[w->group_of[a]].chain);
    const kernel_set *k = evl_worker_kernels(w, a, fs_hz);
    if (!k) return evl_fail(EVL_LIMIT, "%s: its rate of %g Hz was not planned for", path, fs_hz);
    if (k->refusal) return evl_fail(EVL_USAGE, "%s: %s", path, k->refusal);
  }
  return EVL_OK;
}

static evl_status bind(evl_worker *w, const char *path, const evl_probe *probe) {
  const evl_known known = {probe->header_key, probe->bytes, probe->mtime_ns};
  EVL_TRY(evl_reader_reopen(path, &probe->options, &known, evl_worker_raw_bytes(w, probe), w->own, &w->reader));
  const evl_header *h = evl_reader_header(w->reader);
  if (memcmp(&h->header_key, &probe->header_key, sizeof h->header_key) || h->bytes != probe->bytes ||
      h->mtime_ns != probe->mtime_ns)
    return evl_fail(EVL_FORMAT, "%s: changed since the run was planned (%lld bytes then, %lld now); run again", path,
                    (long long)probe->bytes, (long long)h->bytes);
  EVL_NEW(w->own, w->source, probe->n_sources);
  EVL_NEW(w->own, w->view, probe->n_sources);
  memcpy(w->source, probe->source, (size_t)probe->n_sources * sizeof *w->source);
  w->probe = probe;
  EVL_TRY(evl_worker_facts(w));
  EVL_TRY(evl_worker_scales(w));
  double block_s = fmin(w->block_s, probe->duration_s);
  for (int g = 0; g < w->n_groups; g++) {
    evl_worker_view(w, &w->quality[w->group[g].quality]);
    evl_status status = evl_chain_plan(w->group[g].params, w->group[g].montage, probe->n_sources, w->view,
                                       w->group[g].regression, w->line_exact_hz, block_s, w->own, &w->group[g].chain);
    if (status != EVL_OK) return evl_fail_in(status, "%s", path);
  }
  return check_kernels(w, path);
}

evl_status evl_worker_open(evl_worker *w, const char *path, const evl_probe *probe) {
  if (w->probe == probe) return EVL_OK;
  evl_worker_shut(w);
  w->reader = NULL;
  w->path = path;
  evl_status status = bind(w, path, probe);
  w->probe = probe;
  if (status != EVL_OK) evl_worker_shut(w);
  return status;
}
