/* bound_entry: binds one table entry to a shape and runs it on windows, as a driver would. */
#ifndef EVEIL_TESTS_BOUND_ENTRY_H
#define EVEIL_TESTS_BOUND_ENTRY_H

#include "check.h"
#include "eveil/base.h"

typedef struct bound {
  evl_arena *arena;
  const evl_entry *entry;
  evl_params *params;
  evl_montage *montage;
  evl_shape shape;
  evl_products *products;
  void *kernel;
  int n_values, n_recording_values, n_tensors;
  size_t n_state, piece_size;
  int n_pieces;
  double *piece;         /* [n_pieces][piece_size] */
  evl_tensor *tensor;
  double **tensor_data; /* [n_tensors] */
  uint8_t *channel_why;
  evl_out out;           /* of windows */
  evl_out recording_out; /* of `finish` */
} bound;

static inline void bound_free(bound *b) { evl_arena_free(b->arena); }

static inline void *bound_new(bound *b, size_t bytes) {
  void *p = evl_arena_alloc(b->arena, bytes);
  if (!p) abort();
  return p;
}

static inline void bound_clear(bound *b) {
  for (int i = 0; i < b->n_values; i++) b->out.value[i] = NAN, b->out.why[i] = EVL_WHY_UNDEFINED;
  for (int i = 0; i < b->n_recording_values; i++)
    b->recording_out.value[i] = NAN, b->recording_out.why[i] = EVL_WHY_UNDEFINED;
  for (int i = 0; i < b->n_tensors; i++)
    for (size_t k = 0; k < b->tensor[i].size; k++) b->tensor_data[i][k] = NAN;
}

static inline evl_status bound_params(bound *b, const char *config) {
  evl_config *parsed;
  EVL_TRY(evl_config_parse(config, "test", &parsed));
  evl_status status = evl_group_params(evl_config_root(parsed), b->entry->name, &b->entry->params, 1, NULL, NULL,
                                       b->arena, &b->params);
  evl_config_free(parsed);
  return status;
}

static inline evl_status bound_plan(bound *b) {
  const evl_entry *e = b->entry;
  b->n_values = evl_entry_columns(e, b->params, b->montage, false);
  b->n_recording_values = evl_entry_columns(e, b->params, b->montage, true);
  if (e->tensors) EVL_TRY(e->tensors(b->params, b->montage, b->arena, &b->tensor, &b->n_tensors));
  b->n_state = e->state_size ? e->state_size(b->params, b->montage) : 0;
  b->out.value = bound_new(b, (size_t)b->n_values * sizeof(double));
  b->out.why = bound_new(b, (size_t)b->n_values);
  b->recording_out.value = bound_new(b, (size_t)b->n_recording_values * sizeof(double));
  b->recording_out.why = bound_new(b, (size_t)b->n_recording_values);
  b->tensor_data = bound_new(b, (size_t)b->n_tensors * sizeof *b->tensor_data);
  for (int i = 0; i < b->n_tensors; i++) b->tensor_data[i] = bound_new(b, b->tensor[i].size * sizeof(double));
  double **of_window = bound_new(b, (size_t)b->n_tensors * sizeof *of_window);
  double **of_recording = bound_new(b, (size_t)b->n_tensors * sizeof *of_recording);
  for (int i = 0, w = 0, r = 0; i < b->n_tensors; i++) {
    if (b->tensor[i].of_recording) of_recording[r++] = b->tensor_data[i];
    else of_window[w++] = b->tensor_data[i];
  }
  b->out.tensor = of_window;
  b->recording_out.tensor = of_recording;
  b->out.state = b->n_state ? bound_new(b, b->n_state * sizeof(double)) : NULL;
  b->n_pieces = e->pieces ? e->pieces(b->params, b->montage) : 0;
  b->piece_size = b->n_pieces ? e->piece_size(b->params, b->montage) : 0;
  b->piece = bound_new(b, (size_t)b->n_pieces * b->piece_size * sizeof(double));
  b->channel_why = bound_new(b, (size_t)b->shape.n_channels);
  EVL_TRY(evl_products_create(&b->shape, b->arena, &b->products));
  return e->plan(b->params, &b->shape, b->products, b->arena, &b->kernel);
}

enum { BOUND_KINDS = 2, BOUND_MOMENTS = 3 };
static const char *const bound_kind[BOUND_KINDS] = {"standard", "deviant"};
/* In every window that is long enough. */
static const evl_moment bound_moment[BOUND_MOMENTS] = {{2.0, 0.0, 0}, {5.0, 0.5, 1}, {8.0, 0.0, 0}};

/* Where the channels of the usual order stand, for a montage in another one; NULL. */
static const int *bound_order;

/* Five and more electrodes of the 10-20 system, the fifth an ECG; further ones are C5, C6, ... without a place. */
static inline void bound_montage(bound *b, int n_channels) {
  static const struct { const char *name; double angle, azimuth; } place[] = {
      {"F3", 0.72, 2.25}, {"F4", 0.72, 0.89}, {"P3", 0.72, -2.25}, {"P4", 0.72, -0.89}, {"ECG", 0.0, 0.0}};
  enum { PLACES = sizeof place / sizeof *place };
  const char **name = bound_new(b, (size_t)n_channels * sizeof *name);
  double(*xyz)[3] = bound_new(b, (size_t)n_channels * sizeof *xyz);
  for (int c = 0; c < n_channels; c++) {
    const int at = bound_order ? bound_order[c] : c;
    name[at] = c < PLACES ? place[c].name : evl_arena_format(b->arena, "C%d", c);
    if (c >= PLACES || !(place[c].angle > 0.0)) continue;
    xyz[at][0] = sin(place[c].angle) * cos(place[c].azimuth);
    xyz[at][1] = sin(place[c].angle) * sin(place[c].azimuth);
    xyz[at][2] = cos(place[c].angle);
  }
  b->montage = bound_new(b, sizeof *b->montage);
  *b->montage = (evl_montage){n_channels, name, (const double(*)[3])xyz};
}

/* `config`: the entry's parameters in libconfig syntax. */
static inline evl_status bound_begin(bound *b, const evl_entry *entry, const char *config, int n_channels,
                                     int n_samples, double fs_hz) {
  memset(b, 0, sizeof *b);
  b->arena = evl_arena_create();
  if (!b->arena) abort();
  b->entry = entry;
  bound_montage(b, n_channels);
  b->shape = (evl_shape){.n_channels = n_channels, .n_samples = n_samples, .fs_hz = fs_hz, .montage = b->montage,
                         .n_kinds = BOUND_KINDS, .kind = bound_kind};
  EVL_TRY(bound_params(b, config));
  EVL_TRY(bound_plan(b));
  evl_products_give_scratch(b->products, bound_new(b, evl_products_scratch_bytes(b->products)));
  evl_arena_freeze(b->arena);
  return EVL_OK;
}

static inline evl_window bound_window(const bound *b, const double *x, size_t ld) {
  const double seconds = b->shape.n_samples / b->shape.fs_hz;
  int n = 0;
  while (n < BOUND_MOMENTS && bound_moment[n].onset_s < seconds) n++;
  return (evl_window){.x = x, .ld = ld, .n_channels = b->shape.n_channels, .n_samples = b->shape.n_samples,
                      .fs_hz = b->shape.fs_hz, .channel_why = b->channel_why, .key = 1, .n_moments = n,
                      .moment = bound_moment};
}

/* Runs on the window that begins at x, rows `ld` apart. Absent channels: set b->channel_why before. */
static inline void bound_run(bound *b, const double *x, size_t ld) {
  const evl_window window = bound_window(b, x, ld);
  bound_clear(b);
  evl_products_begin(b->products, &window);
  b->entry->run(b->kernel, &window, &b->out);
}

/* The recording stage on the sums so far: pieces, then the end. */
static inline void bound_finish(bound *b) {
  evl_stage stage = {.state = b->out.state, .channel_why = b->channel_why, .key = 1};
  memset(b->piece, 0, (size_t)b->n_pieces * b->piece_size * sizeof(double));
  for (int i = 0; i < b->n_pieces; i++)
    b->entry->piece(b->kernel, &stage, i, b->piece + (size_t)i * b->piece_size);
  stage.piece = b->piece;
  bound_clear(b);
  b->entry->finish(b->kernel, &stage, &b->recording_out);
}

/* First value of output `name` for item `item` of the parameter it is expanded over (0 without one). */
static inline int bound_index(const bound *b, const char *name, int item) {
  int window = 0, recording = 0, c = b->montage->n;
  for (const evl_output *o = b->entry->outputs; o->name; o++) {
    int *at = o->of_recording ? &recording : &window;
    const int each = o->per == EVL_PER_WINDOW ? 1 : o->per == EVL_PER_CHANNEL ? c : c * (c - 1) / 2;
    if (!strcmp(o->name, name)) return *at + item * each;
    *at += each * (o->over ? evl_params_value(b->params, o->over)->n : 1);
  }
  abort();
}

static inline double bound_value(const bound *b, const char *name, int item, int channel) {
  return b->out.value[bound_index(b, name, item) + channel];
}

/* Of the recording stage. */
static inline double bound_recording_value(const bound *b, const char *name, int channel) {
  return b->recording_out.value[bound_index(b, name, 0) + channel];
}

static inline int bound_why(const bound *b, const char *name, int item, int channel) {
  return b->out.why[bound_index(b, name, item) + channel];
}

#endif
