/* Every mechanism and every artefact of the tables by itself, defaults, 19 channels at 250 Hz, one core. usage:
   generators [NAME...] Prints one JSON object: kind, name, seconds of signal a second of processor time, the best of
   several passes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/simulate.h"

enum { FS_HZ = 250, TRUTHS = 64, PASSES = 3 };
static const double least_s = 0.3; /* of processor time a pass */

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "generators: %s\n", evl_error_message());
  exit(1);
}

static double processor_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static evl_status ignore(void *context, const evl_event *event) {
  (void)context, (void)event;
  return EVL_OK;
}

typedef struct subject {
  const evl_mechanism *mechanism; /* NULL: the artefact */
  const evl_artefact *artefact;
  void *state;
  double x[EVL_HEAD_CHANNELS][EVL_GENERATOR_BLOCK];
} subject;

static void plan(subject *s, evl_arena *arena) {
  static double value[TRUTHS], z[TRUTHS];
  const evl_making making = {
      .seed = 1, .id = "sub-0001", .fs_hz = FS_HZ, .duration_s = 3600, .line_hz = 50, .start_h = 24};
  evl_params *params;
  must(evl_params_default(s->mechanism ? s->mechanism->params : s->artefact->params, arena, &params));
  if (s->mechanism) {
    must(s->mechanism->draw(params, making.seed, making.id, value, z));
    must(s->mechanism->plan(params, value, &making, arena, &s->state));
  } else {
    must(s->artefact->plan(params, &making, arena, &s->state));
  }
}

/* Times real time of one pass. */
static double pass(subject *s) {
  evl_arena *arena = evl_arena_create();
  if (!arena) exit(1);
  plan(s, arena);
  int64_t done = 0;
  double began = processor_s(), now = began;
  while (now - began < least_s && done < 3600 * FS_HZ) {
    for (int i = 0; i < 8; i++) {
      if (s->mechanism) s->mechanism->run(s->state, &s->x[0][0], EVL_GENERATOR_BLOCK, EVL_GENERATOR_BLOCK);
      else {
        memset(s->x, 0, sizeof s->x); /* so that what artefacts add does not pile up */
        must(s->artefact->run(s->state, done, &s->x[0][0], EVL_GENERATOR_BLOCK, EVL_GENERATOR_BLOCK, ignore, NULL));
      }
      done += EVL_GENERATOR_BLOCK;
    }
    now = processor_s();
  }
  evl_arena_free(arena);
  return (double)done / FS_HZ / (now - began);
}

static bool asked(int argc, char **argv, const char *name) {
  for (int i = 1; i < argc; i++)
    if (!strcmp(argv[i], name)) return true;
  return argc < 2;
}

static void measure(subject *s, const char *kind, const char *name) {
  static const char *comma = "";
  double best = 0;
  for (int i = 0; i < PASSES; i++) {
    double speed = pass(s);
    if (speed > best) best = speed;
  }
  printf("%s\n  {\"kind\": \"%s\", \"name\": \"%s\", \"times_real_time\": %.1f}", comma, kind, name, best);
  comma = ",";
}

int main(int argc, char **argv) {
  static subject s;
  printf("[");
  for (int i = 0; evl_mechanisms[i]; i++)
    if (asked(argc, argv, evl_mechanisms[i]->name)) {
      s.mechanism = evl_mechanisms[i];
      measure(&s, "mechanism", s.mechanism->name);
    }
  s.mechanism = NULL;
  for (int i = 0; evl_artefacts[i]; i++)
    if (asked(argc, argv, evl_artefacts[i]->name)) {
      s.artefact = evl_artefacts[i];
      measure(&s, "artefact", s.artefact->name);
    }
  printf("\n]\n");
  return 0;
}
