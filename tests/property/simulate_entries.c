/* Every mechanism and every artefact of the tables, held to what its record claims: truths, courses, bounds, subjects
   that differ, repeatability, memory. */
#include <ctype.h>

#include "allocations.h"
#include "simulate_help.h"

enum { SUBJECTS = 400, SECONDS = 12 };
static const double rates_hz[] = {100, 250, 512};

static bool is_name(const char *name) {
  for (const char *c = name; *c; c++)
    if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_') return false;
  return *name != 0;
}

static int count(const evl_truth_item *item) {
  int n = 0;
  while (item && item[n].name) n++;
  return n;
}

static bool is_sentence(const char *text) { return text && strlen(text) > 5 && !strpbrk(text, "\"\\\n\t"); }

/* Names are fit for columns and keys, different, and none of the traits; texts are fit for JSON. */
static void records(void) {
  for (int i = 0; evl_mechanisms[i]; i++) {
    const evl_mechanism *m = evl_mechanisms[i];
    CHECK(is_name(m->name) && is_sentence(m->summary) && m->definition && m->cite && m->version > 0);
    CHECK(evl_mechanism_find(m->name) == m && !evl_artefact_find(m->name) && count(m->truths) <= MADE_TRUTHS);
    CHECK(!m->courses == !m->course);
    for (int list = 0; list < 2; list++) {
      const evl_truth_item *item = list ? m->courses : m->truths;
      for (int k = 0; k < count(item); k++) {
        CHECK(is_name(item[k].name) && item[k].unit && is_sentence(item[k].text));
        for (int j = 0; j < k; j++) CHECK(strcmp(item[j].name, item[k].name) != 0);
        for (int j = 0; j < EVL_TRAITS && !list; j++) CHECK(strcmp(evl_traits[j].name, item[k].name) != 0);
      }
    }
  }
  for (int i = 0; evl_artefacts[i]; i++) {
    const evl_artefact *a = evl_artefacts[i];
    CHECK(is_name(a->name) && is_sentence(a->summary) && a->definition && a->cite && a->version > 0);
    CHECK(evl_artefact_find(a->name) == a);
  }
}

/* z of every truth: mean 0 and sd 1 (normal ones cut at 2.5 sd: 0.96; nothing to draw: 0), the same when drawn
   again. */
static void truths(void) {
  evl_arena *arena = evl_arena_create();
  for (int i = 0; evl_mechanisms[i]; i++) {
    const evl_mechanism *m = evl_mechanisms[i];
    double sum[MADE_TRUTHS] = {0}, square[MADE_TRUTHS] = {0}, value[MADE_TRUTHS], z[MADE_TRUTHS], again[2][MADE_TRUTHS];
    evl_params *params;
    int n = count(m->truths);
    CHECK(evl_params_default(m->params, arena, &params) == EVL_OK);
    for (int s = 0; s < SUBJECTS; s++) {
      char id[16];
      snprintf(id, sizeof id, "sub-%04d", s + 1);
      evl_status status = m->draw(params, 51, id, value, z);
      if (status != EVL_OK) printf("# %s %s: %s\n", m->name, id, evl_error_message());
      CHECK(status == EVL_OK);
      if (status != EVL_OK) continue;
      CHECK(m->draw(params, 51, id, again[0], again[1]) == EVL_OK);
      for (int k = 0; k < n; k++) {
        CHECK(isfinite(z[k]) && (isfinite(value[k]) || isnan(value[k])));
        CHECK(z[k] == again[1][k] && (value[k] == again[0][k] || isnan(value[k])));
        sum[k] += z[k];
        square[k] += z[k] * z[k];
      }
    }
    for (int k = 0; k < n; k++) {
      double mean = sum[k] / SUBJECTS, sd = sqrt(square[k] / SUBJECTS);
      bool good = square[k] == 0 || (fabs(mean) < 4.5 / sqrt(SUBJECTS) && sd > 0.8 && sd < 1.2);
      if (!good) printf("# %s.%s: z of mean %.3f and sd %.3f\n", m->name, m->truths[k].name, mean, sd);
      CHECK(good);
    }
  }
  evl_arena_free(arena);
}

static void plan_of(made *m, const char *mechanism, const char *artefact, const char *id, double fs_hz,
                    uint64_t recording) {
  char text[160];
  snprintf(text, sizeof text, "mechanism = [\"%s\"]; artefacts = [%s%s%s];", mechanism, *artefact ? "\"" : "", artefact,
           *artefact ? "\"" : "");
  make_plan(m, text, (evl_making){.seed = 52, .id = id, .recording = recording, .fs_hz = fs_hz, .duration_s = SECONDS,
                                  .line_hz = 40, .start_h = 24}, NULL);
}

static double rms(const made *m, int channel) {
  double sum = 0;
  for (int64_t t = 0; t < m->n; t++) sum += make_row(m, channel)[t] * make_row(m, channel)[t];
  return sqrt(sum / (double)m->n);
}

/* At every rate: within the bound (make_run checks), signal in every channel, courses finite or n/a. */
static void mechanisms_at_rates(void) {
  made *m = malloc(sizeof *m);
  for (int i = 0; evl_mechanisms[i]; i++)
    for (int r = 0; r < 3; r++) {
      int before = check_failures;
      plan_of(m, evl_mechanisms[i]->name, "", "sub-0003", rates_hz[r], 0);
      make_run(m, 0);
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++) CHECK(rms(m, c) > 0.05 && rms(m, c) < 500);
      for (int k = 0; k < count(evl_mechanisms[i]->courses); k++) {
        double value[MADE_TRUTHS];
        evl_generator_course(m->generator, SECONDS - 1, value);
        CHECK(isfinite(value[k]) || isnan(value[k]));
      }
      if (check_failures > before) printf("# %s at %g Hz\n", evl_mechanisms[i]->name, rates_hz[r]);
      make_free(m);
    }
  free(m);
}

static double difference(const made *a, const made *b) {
  double sum = 0;
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * a->n; i++) sum += fabs(a->x[i] - b->x[i]);
  return sum;
}

/* The same again for the same subject and recording; another for another of either. */
static void subjects_differ(void) {
  made *m = malloc(4 * sizeof *m);
  for (int i = 0; evl_mechanisms[i]; i++) {
    for (int k = 0; k < 4; k++) {
      plan_of(&m[k], evl_mechanisms[i]->name, "", k == 2 ? "sub-0002" : "sub-0001", 250, k == 3);
      make_run(&m[k], 0);
    }
    if (!(difference(&m[0], &m[2]) > 0 && difference(&m[0], &m[3]) > 0)) printf("# %s\n", evl_mechanisms[i]->name);
    CHECK(difference(&m[0], &m[1]) == 0);
    CHECK(difference(&m[0], &m[2]) > 0 && difference(&m[0], &m[3]) > 0);
    for (int k = 0; k < 4; k++) make_free(&m[k]);
  }
  free(m);
}

static void no_allocation_of(const char *mechanism, const char *artefact) {
  made *m = malloc(sizeof *m);
  static double x[EVL_HEAD_CHANNELS][EVL_GENERATOR_BLOCK];
  plan_of(m, mechanism, artefact, "sub-0001", 250, 0);
  CHECK(evl_generator_plan(&m->spec, m->arena, &m->generator) == EVL_OK);
  long before = allocations;
  for (int block = 0; block < 10; block++)
    CHECK(evl_generator_run(m->generator, &x[0][0], EVL_GENERATOR_BLOCK, 300, made_hear, m) == EVL_OK);
  if (allocations != before) printf("# %s %s: %ld allocations\n", mechanism, artefact, allocations - before);
  CHECK(allocations == before);
  make_free(m);
  free(m);
}

static void no_allocation(void) {
  if (!COUNTS_ALLOCATIONS) SKIP("allocations cannot be counted under this sanitizer or C library");
  for (int i = 0; evl_mechanisms[i]; i++) no_allocation_of(evl_mechanisms[i]->name, "");
  for (int i = 0; evl_artefacts[i]; i++) no_allocation_of("background", evl_artefacts[i]->name);
}

int main(void) {
  RUN(records);
  RUN(truths);
  RUN(mechanisms_at_rates);
  RUN(subjects_differ);
  RUN(no_allocation);
  CHECK_DONE();
}
