/* machine: the kind of machine, whatever changes the last bits of a value: processor, libraries, compiler. Records carry
   it, keys do not: a task is the same task on another kind, and whether its value is welcome is said by a flag. */
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "eveil/math.h"
#include "eveil/parallel.h"
#include "study_priv.h"

const char *evl_study_processor(void) {
  static char kind[64];
#ifdef __x86_64__
  unsigned a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  char vendor[13] = "";
  __get_cpuid(0, &a, &b, &c, &d);
  memcpy(vendor, &b, 4);
  memcpy(vendor + 4, &d, 4);
  memcpy(vendor + 8, &c, 4);
  __get_cpuid(1, &a, &b, &c, &d);
  unsigned family = (a >> 8 & 15) + (a >> 20 & 255), model = (a >> 4 & 15) | (a >> 12 & 0xf0);
  __get_cpuid_count(7, 0, &e, &f, &c, &d);
  snprintf(kind, sizeof kind, "%s family %u model %u%s", vendor, family, model, f >> 16 & 1 ? " avx512" : "");
#else
  snprintf(kind, sizeof kind, "other");
#endif
  return kind;
}

const evl_machine *evl_machine_here(void) {
  static evl_machine here;
  if (*here.name) return &here;
  char name[sizeof here.name];
  snprintf(name, sizeof name, "%s, %s, %s, compiler %s", evl_study_processor(), evl_fft_library(), evl_blas_library(), __VERSION__);
  here = evl_machine_named(name);
  return &here;
}

/* ---- kinds of this job and of its records ---- */

evl_status evl_study_machines(evl_study *study) {
  const evl_machine *here = evl_machine_here();
  void *all = NULL;
  size_t *offset = NULL;
  study->machine = here;
  study->n_machines = 1;
  if (evl_max_i64(here->id) == -evl_max_i64(-(int64_t)here->id)) return evl_parallel_status();
  EVL_TRY(evl_gather_all(here, sizeof *here, study->arena, &all, &offset));
  evl_machine *list = all;
  for (int r = 1; r < evl_size(); r++) {
    bool known = false;
    for (int i = 0; i < study->n_machines; i++) known = known || list[i].id == list[r].id;
    if (!known) list[study->n_machines++] = list[r];
  }
  study->machine = list;
  return EVL_OK;
}

static const char *name_of(const evl_study *s, uint32_t id) {
  for (int i = 0; i < s->n_machines; i++)
    if (s->machine[i].id == id) return s->machine[i].name;
  for (int i = 0; s->journals && i < s->journals->n_machines; i++)
    if (s->journals->machine[i].id == id) return s->journals->machine[i].name;
  return "a kind whose name is lost";
}

typedef struct tally { uint32_t id; int64_t n; } tally;
enum { MOST_KINDS = 64 };

/* Finished tasks by kind, those of this job's kinds first; the number of kinds. */
static int count_kinds(const evl_study *s, tally *kind) {
  int n = 0;
  for (; n < s->n_machines && n < MOST_KINDS; n++) kind[n] = (tally){s->machine[n].id, 0};
  for (int64_t t = 0, k; t < s->n_tasks; t++) {
    if (!s->task[t].done) continue;
    for (k = 0; k < n && kind[k].id != s->task[t].where.machine; k++) {}
    if (k == MOST_KINDS) continue;
    if (k == n) kind[n++] = (tally){s->task[t].where.machine, 0};
    kind[k].n++;
  }
  return n;
}

evl_status evl_study_other_kinds(const evl_study *s, evl_arena *arena, int64_t *n, const char **text) {
  tally kind[MOST_KINDS];
  int n_kinds = count_kinds(s, kind);
  *n = 0;
  *text = "";
  for (int k = 1; k < n_kinds; k++) {
    if (!kind[k].n) continue;
    *text = evl_arena_format(arena, "%s%s%lld on \"%s\"", *text, *n ? ", " : "", (long long)kind[k].n,
                             name_of(s, kind[k].id));
    if (!*text) return EVL_MEMORY;
    *n += kind[k].n;
  }
  return EVL_OK;
}

evl_status evl_study_one_kind(const evl_study *s, const evl_run_options *options) {
  int64_t n;
  const char *text;
  EVL_TRY(evl_study_other_kinds(s, s->arena, &n, &text));
  if (n && options->other_cpu && evl_rank() == 0)
    evl_log(EVL_LOG_INFO, "%lld finished tasks of other kinds of machines are taken: %s", (long long)n, text);
  if (!n || options->other_cpu) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected tasks finished on \"%s\", found %s: the same bits need one kind of machine. "
                  "Constrain the job to that kind, remove the folder and begin anew, or pass --allow-other-cpu",
                  s->journal_folder, s->machine[0].name, text);
}

const char *evl_study_cpu(const evl_study *s, evl_arena *arena) {
  tally kind[MOST_KINDS];
  int n = count_kinds(s, kind);
  const char *text = name_of(s, kind[0].id);
  if (n == 1) return evl_arena_format(arena, "%.*s", (int)strcspn(text, ","), text); /* the rest is in `libraries` */
  for (int k = 1; k < n && text; k++) text = evl_arena_format(arena, "%s; %s", text, name_of(s, kind[k].id));
  return text;
}
