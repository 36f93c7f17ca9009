/* What is wrong with a cohort, collected so that one run tells all of it. */
#include "manifest_steps_priv.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 3400 }; /* what a message of base holds with room for context */

static const struct { bool fatal; const char *what; } kinds[] = {
#define KIND(name, is_fatal, text) {is_fatal, text},
    EVL_COMPLAINT_LIST(KIND)
#undef KIND
};

evl_status evl_complain(evl_draft *draft, evl_complaint kind, const char *format, ...) {
  int n = draft->complaints.kind[kind].n++;
  if (n >= EVL_CASES_SHOWN) return EVL_OK;
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length >= (int)sizeof text) {
    size_t cut = evl_utf8_valid(text, sizeof text - 4);
    memcpy(text + cut, "...", 4);
  }
  const char *kept = evl_arena_text(draft->arena, text);
  draft->complaints.kind[kind].shown[n] = kept ? kept : "";
  return kept ? EVL_OK : EVL_MEMORY;
}

/* "3 what: case; case and 1 more" in at most `room` bytes, as many cases as fit. Bytes written. */
static size_t describe(const evl_complaints *complaints, int kind, char *to, size_t room) {
  int n = complaints->kind[kind].n, shown = 0;
  const char *const *cases = complaints->kind[kind].shown;
  const size_t tail = sizeof " and 2147483647 more";
  size_t used = (size_t)snprintf(to, room, "%d %s", n, kinds[kind].what);
  while (shown < n && shown < EVL_CASES_SHOWN && used + 2 + strlen(cases[shown]) + tail < room) {
    used += (size_t)snprintf(to + used, room - used, "%s%s", shown ? "; " : ": ", cases[shown]);
    shown++;
  }
  if (shown < n) used += (size_t)snprintf(to + used, room - used, " and %d more", n - shown);
  return used;
}

static evl_status warn(evl_draft *draft) {
  evl_manifest *m = draft->manifest;
  EVL_NEW(draft->arena, m->warning, EVL_N_COMPLAINTS);
  for (int k = 0; k < EVL_N_COMPLAINTS; k++) {
    if (draft->complaints.kind[k].n == 0) continue;
    char text[MESSAGE_BYTES];
    describe(&draft->complaints, k, text, sizeof text);
    if (!(m->warning[m->n_warnings++] = evl_arena_text(draft->arena, text))) return EVL_MEMORY;
  }
  return EVL_OK;
}

evl_status evl_complaints_verdict(evl_draft *draft) {
  int n_kinds = 0;
  bool fatal = false;
  for (int k = 0; k < EVL_N_COMPLAINTS; k++) {
    n_kinds += draft->complaints.kind[k].n > 0;
    fatal |= draft->complaints.kind[k].n > 0 && kinds[k].fatal;
  }
  if (!fatal) return warn(draft);
  char text[MESSAGE_BYTES];
  size_t used = 0;
  for (int k = 0; k < EVL_N_COMPLAINTS; k++) {
    if (draft->complaints.kind[k].n == 0) continue;
    size_t share = (sizeof text - used) / (size_t)n_kinds--; /* a long list leaves room for the others */
    used += (size_t)snprintf(text + used, sizeof text - used, "\n  ");
    used += describe(&draft->complaints, k, text + used, share - 3);
  }
  const evl_manifest *m = draft->manifest;
  return evl_fail(EVL_USAGE, "%.500s: the cohort cannot be used:%s",
                  *m->recordings_table ? m->recordings_table : m->root, text);
}
