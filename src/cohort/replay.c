/* replay: tasks that sleep for their expected cost instead of computing. Plan, schedule, journal and gather are those of
   a run; of the recordings only the headers are read. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "eveil/math.h"
#include "study_priv.h"

/* Positive numbers of four binades, every mantissa bit random, by the task's key and a counter: with shuffle and
   deflate 1 they shrink a little, as features of EEG do. */
static void fill(const evl_key *key, uint32_t section, double *x, size_t n) {
  uint32_t of_key[2], counter[4] = {0, 0, section, 0}, word[4];
  memcpy(of_key, key->byte, sizeof of_key);
  memcpy(&counter[3], key->byte + sizeof of_key, sizeof counter[3]);
  for (size_t i = 0; i < n; i += 2) {
    uint64_t bits[2];
    evl_philox(of_key, counter, word);
    memcpy(bits, word, sizeof bits);
    for (int k = 0; k < 2; k++) bits[k] = (bits[k] >> 12) + ((bits[k] & 3) + 1021) * (UINT64_C(1) << 52);
    memcpy(x + i, bits, n - i < 2 ? sizeof *bits : sizeof bits);
    if (++counter[0] == 0) counter[1]++;
  }
}

/* The tick comes as often as it does between windows. */
static void sleep_until(const evl_task *task, double speed, double began_s, void (*tick)(void *context),
                        void *context) {
  const double end_s = began_s + (speed > 0 ? 1e-6 * (double)task->cost_us / speed : 0);
  tick(context);
  for (double left_s; (left_s = end_s - evl_seconds()) > 0; tick(context)) {
    double s = fmin(left_s, EVL_REPLAY_TICK_S);
    nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * s)}, NULL);
  }
}

static void end(const evl_study *s, const evl_task *task, double began_s, void (*tick)(void *context), void *context,
                evl_task_head *head) {
  sleep_until(task, s->replay_speed, began_s, tick, context);
  head->line_hz = NAN;
  head->seconds = evl_seconds() - began_s;
}

void evl_replay_windows(const evl_study *s, const evl_task *task, void (*tick)(void *context), void *context,
                        void *payload, size_t *bytes) {
  double began_s = evl_seconds();
  evl_section section[EVL_MOST_ANALYSES];
  uint8_t *at = payload;
  *bytes = evl_window_sections(s->n_analyses, s->analysis, s->probe[task->recording].duration_s, s->task_s, task->span,
                               section);
  memset(payload, 0, *bytes);
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_layout *l = s->analysis[a].layout;
    size_t n = (size_t)section[a].n;
    float *clean = (float *)(at + section[a].clean);
    for (size_t i = 0; i < n; i++) clean[i] = 1;
    memset(at + section[a].chosen, 1, n);
    fill(&task->key, (uint32_t)(2 * a), (double *)(at + section[a].value), n * (size_t)l->n_columns);
    fill(&task->key, (uint32_t)(2 * a + 1), (double *)(at + section[a].tensor), n * l->window_tensor_size);
  }
  end(s, task, began_s, tick, context, payload);
}

void evl_replay_piece(const evl_study *s, const evl_task *task, void (*tick)(void *context), void *context,
                      void *payload, size_t *bytes) {
  double began_s = evl_seconds();
  size_t section[EVL_MOST_ANALYSES];
  *bytes = evl_piece_sections(s->n_analyses, s->analysis, section);
  memset(payload, 0, *bytes);
  end(s, task, began_s, tick, context, payload);
}

void evl_replay_finish(const evl_study *s, const evl_task *task, void (*tick)(void *context), void *context,
                       void *payload, size_t *bytes) {
  double began_s = evl_seconds();
  evl_finish_section section[EVL_MOST_ANALYSES];
  uint8_t *at = payload;
  *bytes = evl_finish_sections(s->n_analyses, s->analysis, section) + evl_annotations_bytes(0);
  memset(payload, 0, *bytes);
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_layout *l = s->analysis[a].layout;
    fill(&task->key, (uint32_t)(2 * a), (double *)(at + section[a].value), (size_t)l->n_recording_columns);
    fill(&task->key, (uint32_t)(2 * a + 1), (double *)(at + section[a].tensor), l->recording_tensor_size);
  }
  end(s, task, began_s, tick, context, payload);
}
