/* forecast_print: a forecast as a table for people and as one for programs. */
#include <errno.h>
#include <string.h>

#include "forecast_priv.h"

static void print_machine(const evl_forecast_machine *m, FILE *out) {
  static const struct { const char *name; size_t at; } figure[] = {
#define X(field, option, zero, text) {option, offsetof(evl_forecast_machine, field)},
      EVL_FORECAST_FIGURES(X)
#undef X
  };
  fprintf(out, "  machine      ");
  for (size_t i = 0; i < sizeof figure / sizeof *figure; i++) {
    double value;
    memcpy(&value, (const char *)m + figure[i].at, sizeof value);
    fprintf(out, "%s%s %.4g", i % 5 ? ", " : i ? "\n                " : " ", figure[i].name, value);
  }
  fprintf(out, "\n");
}

void evl_forecast_print(const evl_forecast_machine *machine, int n, const evl_run_forecast *run, int most_ranks,
                        FILE *out) {
  fprintf(out, "  forecast      simulated with the schedule of a run; seconds are means over ranks\n");
  print_machine(machine, out);
  fprintf(out, "  %7s %6s %10s %10s %6s  %-12s %8s %9s %9s %9s %9s %9s %9s %9s\n", "ranks", "nodes", "wall s",
          "core-h", "effic.", "limit", "start", "read", "condition", "compute", "journal", "master", "end", "gather");
  for (int i = 0; i < n; i++) {
    const evl_run_forecast *r = &run[i];
    fprintf(out, "  %7d %6d %10.4g %10.4g %6.3f  %-12s %8.3g %9.3g %9.3g %9.3g %9.3g %9.3g %9.3g %9.3g\n", r->ranks,
            r->nodes, r->wall_s, r->ranks * r->wall_s / 3600, r->efficiency, r->limit,
            r->start_s + r->probe_s + r->plan_s, r->read_s, r->condition_s, r->compute_s + r->other_s, r->journal_s,
            r->master_s, r->end_s, r->gather_s);
  }
  for (int i = 0; i < n; i++)
    fprintf(out,
            "  asked with %d ranks: %.4g MB/s read while tasks run, %.4g MB/s written by the gather, %.4g requests/s\n", run[i].ranks, run[i].read_mb_s, run[i].write_mb_s, run[i].requests_s);
  fprintf(out, "  most ranks    %d: with more, less than half of their time is work that one rank would do\n",
          most_ranks);
}

evl_status evl_forecast_write(int n, const evl_run_forecast *run, const char *path) {
  FILE *out = fopen(path, "w");
  if (!out) return evl_fail(EVL_IO, "%s: cannot be written: %s", path, strerror(errno));
  fprintf(out, "ranks\tnodes\twall_s\tstart_s\tprobe_s\tplan_s\tread_s\tcondition_s\tcompute_s\tother_s\tjournal_s\t"
               "master_s\tend_s\tgather_s\tefficiency\timbalance\tlongest_s\tread_mb_s\twrite_mb_s\trequests_s\tlimit\n");
  for (int i = 0; i < n; i++) {
    const evl_run_forecast *r = &run[i];
    const double value[] = {r->wall_s,    r->start_s,    r->probe_s,   r->plan_s,    r->read_s,     r->condition_s,
                            r->compute_s, r->other_s,    r->journal_s, r->master_s,  r->end_s,      r->gather_s,
                            r->efficiency, r->imbalance, r->longest_s, r->read_mb_s, r->write_mb_s, r->requests_s};
    fprintf(out, "%d\t%d", r->ranks, r->nodes);
    for (size_t k = 0; k < sizeof value / sizeof *value; k++) fprintf(out, "\t%.6g", value[k]);
    fprintf(out, "\t%s\n", r->limit);
  }
  bool bad = ferror(out);
  return fclose(out) || bad ? evl_fail(EVL_IO, "%s: cannot be written: %s", path, strerror(errno)) : EVL_OK;
}
