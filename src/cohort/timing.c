/* timing: where the time of a run went, rank by rank. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "study_priv.h"

/* Seconds since this process began; 0 where the system does not tell. */
static double process_age_s(void) {
  char text[1024] = "";
  FILE *file = fopen("/proc/self/stat", "r");
  if (!file) return 0;
  size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = 0;
  const char *behind = strrchr(text, ')'); /* the name of the program may hold anything */
  unsigned long long ticks;
  struct timespec now;
  if (!behind || sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                        &ticks) != 1 || clock_gettime(CLOCK_BOOTTIME, &now)) return 0;
  double age_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - (double)ticks / (double)sysconf(_SC_CLK_TCK);
  return age_s > 0 && age_s < 1e6 ? age_s : 0; /* clocks of containers may differ */
}

void evl_timing_begin(evl_timing *timing) {
  timing->lap_s = evl_seconds();
  timing->seconds[PHASE_START] = process_age_s();
  timing->began_s = timing->lap_s - timing->seconds[PHASE_START];
}

void evl_timing_lap(evl_timing *timing, evl_phase phase) {
  double now_s = evl_seconds();
  timing->seconds[phase] += now_s - timing->lap_s;
  timing->lap_s = now_s;
}

void evl_timing_spent(evl_timing *timing, int n, const evl_cost *cost, const evl_spent *spent) {
  static const evl_phase phase[] = {[EVL_COST_READ] = PHASE_READ,
                                    [EVL_COST_CONDITION] = PHASE_CONDITION,
                                    [EVL_COST_COMPUTE] = PHASE_COMPUTE,
                                    [EVL_COST_OTHER] = PHASE_OTHER};
  for (int i = 0; i < n; i++) timing->seconds[phase[cost[i].kind]] += spent[i].seconds;
}

/* ---- the table ---- */

typedef struct sheet { char host[64]; evl_timing timing; double peak_mb; } sheet;

static void put(FILE *out, int rank, const sheet *s, const char *phase, double value) {
  fprintf(out, "%d\t%s\t%s\t%.9g\n", rank, s->host, phase, value);
}

static evl_status print(const char *path, const sheet *all) {
  static const char *const name[] = {
#define X(phase, text) text,
      EVL_PHASES(X)
#undef X
  };
  FILE *out = fopen(path, "w");
  if (!out) return evl_fail(EVL_IO, "%s: cannot be written: %s", path, strerror(errno));
  fprintf(out, "rank\thost\tphase\tvalue\n");
  for (int r = 0; r < evl_size(); r++) {
    const evl_timing *t = &all[r].timing;
    for (int p = 0; p < N_PHASES; p++) put(out, r, &all[r], name[p], t->seconds[p]);
    put(out, r, &all[r], "tasks", (double)t->n_tasks);
    put(out, r, &all[r], "requests", (double)t->n_requests);
    put(out, r, &all[r], "syncs", (double)t->n_syncs);
    put(out, r, &all[r], "sync", t->sync_s);
    put(out, r, &all[r], "journal_bytes", t->journal_bytes);
    put(out, r, &all[r], "peak_mb", all[r].peak_mb);
  }
  bool bad = ferror(out);
  return fclose(out) || bad ? evl_fail(EVL_IO, "%s: cannot be written: %s", path, strerror(errno)) : EVL_OK;
}

evl_status evl_timing_write(evl_study *study, const char *path) {
  struct rusage use;
  sheet mine = {.timing = study->timing};
  void *all;
  size_t *offset;
  mine.timing.seconds[PHASE_TOTAL] = evl_seconds() - study->timing.began_s;
  gethostname(mine.host, sizeof mine.host - 1);
  if (!getrusage(RUSAGE_SELF, &use)) mine.peak_mb = (double)use.ru_maxrss / 1024;
  EVL_TRY(evl_gather_all(&mine, sizeof mine, study->arena, &all, &offset));
  return evl_agree(evl_rank() == 0 ? print(path, all) : EVL_OK);
}
