/* store_print: a store in words. */
#include <math.h>
#include <string.h>

#include "store_book_priv.h"

static evl_status print_recordings(evl_book *b, FILE *out) {
  uint64_t n;
  const char **id, **message;
  double *status, *duration;
  EVL_TRY(evl_book_texts(b, "/recordings", "id", &n, &id));
  EVL_TRY(evl_book_texts(b, "/recordings", "message", &n, &message));
  EVL_TRY(evl_book_numbers(b, "/recordings", "status", NULL, &status));
  EVL_TRY(evl_book_numbers(b, "/recordings", "duration_s", NULL, &duration));
  double hours = 0;
  int failed = 0;
  for (uint64_t r = 0; r < n; r++) {
    if (isfinite(duration[r])) hours += duration[r] / 3600;
    failed += status[r] != 0;
  }
  fprintf(out, "  recordings    %llu, %.4g h, %d failed\n", (unsigned long long)n, hours, failed);
  for (uint64_t r = 0; r < n; r++) {
    if (status[r] != 0) fprintf(out, "    failed      %s: %s\n", id[r], message[r]);
    else if (*message[r]) fprintf(out, "    note        %s: %s\n", id[r], message[r]);
  }
  return EVL_OK;
}

/* What the rules of quality marked, on average over recordings and channels, and channels that were bad. */
static evl_status print_quality(evl_book *b, const char *group, FILE *out) {
  uint64_t n, causes;
  const char **cause;
  double *share, *status;
  EVL_TRY(evl_book_texts(b, group, "cause_name", &causes, &cause));
  EVL_TRY(evl_book_numbers(b, group, "channel_status", &n, &status));
  EVL_TRY(evl_book_numbers(b, group, "quality", NULL, &share));
  evl_type type;
  int n_dims;
  uint64_t dim[4];
  EVL_TRY(evl_store_shape(b->store, evl_arena_format(b->arena, "%s/quality", group), &type, &n_dims, dim));
  uint64_t cells = n * dim[1], looked = 0, bad = 0, interpolated = 0;
  double *sum;
  EVL_NEW(b->arena, sum, causes);
  for (uint64_t i = 0; i < cells; i++) {
    bad += status[i] == EVL_CHANNEL_TOLD_BAD || status[i] == EVL_CHANNEL_FOUND_BAD;
    interpolated += status[i] == EVL_CHANNEL_INTERPOLATED;
    if (!isfinite(share[i * causes])) continue;
    looked++;
    for (uint64_t k = 0; k < causes; k++) sum[k] += share[i * causes + k];
  }
  if (looked == 0) return EVL_OK;
  fprintf(out, "    artefacts   %.3g %% of channel time", 100 * sum[0] / (double)looked);
  for (uint64_t k = 1, told = 0; k < causes; k++)
    if (sum[k] > 0) fprintf(out, "%s%s %.2g", told++ ? ", " : " (", cause[k], 100 * sum[k] / (double)looked);
  fprintf(out, "%s; channels bad %llu, interpolated %llu of %llu\n", sum[0] > 0 ? ")" : "", (unsigned long long)bad,
          (unsigned long long)interpolated, (unsigned long long)cells);
  return EVL_OK;
}

static evl_status print_analysis(evl_book *b, const char *name, FILE *out) {
  const char *group = evl_arena_format(b->arena, "/analyses/%s", name);
  uint64_t n;
  const char **column;
  if (!group) return EVL_MEMORY;
  EVL_TRY(evl_book_texts(b, group, "column_name", &n, &column));
  const char *values = evl_arena_format(b->arena, "%s/values", group);
  uint64_t dim[4] = {0};
  evl_type type;
  int n_dims;
  if (!values) return EVL_MEMORY;
  if (evl_store_has(b->store, values)) EVL_TRY(evl_store_shape(b->store, values, &type, &n_dims, dim));
  fprintf(out, "  analysis      %s: %llu windows, %llu columns", name, (unsigned long long)dim[0],
          (unsigned long long)n);
  if (n) fprintf(out, " (%s ...)", column[0]);
  fputc('\n', out);
  const char *epochs;
  EVL_TRY(evl_store_attribute(b->store, group, "epochs", b->arena, &epochs));
  if (epochs && strcmp(epochs, "all windows")) fprintf(out, "    counts        %s\n", epochs);
  const char *quality = evl_arena_format(b->arena, "%s/quality", group);
  return quality && evl_store_has(b->store, quality) ? print_quality(b, group, out) : EVL_OK;
}

static evl_status print_store(evl_book *b, FILE *out) {
  static const char *const attributes[] = {"eveil_version", "git_revision", "created_utc", "seed", "layout_hash",
                                           "plan_hash", "libraries", "cpu", "command", "replay", "complete",
                                           "missing_tasks"};
  fprintf(out, "%s\n", b->path);
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
    const char *text;
    EVL_TRY(evl_store_attribute(b->store, "/", attributes[i], b->arena, &text));
    if (text) fprintf(out, "  %-13s %s\n", attributes[i], text);
  }
  if (!evl_store_has(b->store, "/recordings/id")) return EVL_OK;
  EVL_TRY(print_recordings(b, out));
  int n;
  const char **name;
  EVL_TRY(evl_store_list(b->store, "/analyses", b->arena, &n, &name));
  for (int i = 0; i < n; i++) {
    char *plain = evl_arena_text(b->arena, name[i]);
    if (!plain) return EVL_MEMORY;
    plain[strcspn(plain, "/")] = 0;
    EVL_TRY(print_analysis(b, plain, out));
  }
  return EVL_OK;
}

evl_status evl_store_print(const char *path, FILE *out) {
  evl_book b = {0};
  evl_status status = evl_book_open(path, &b);
  if (status == EVL_OK) status = print_store(&b, out);
  evl_book_close(&b);
  return status;
}
