/* gather_rows: rows of the store, read from the journals. */
#include <math.h>
#include <string.h>

#include "gather_priv.h"

uint8_t evl_recording_why(const gather *g, int r) {
  const evl_study *s = g->study;
  return s->probe[r].status != EVL_OK || g->finish[r].status != EVL_OK ? EVL_WHY_FAILED : EVL_WHY_VALUE;
}

static size_t part_of(const evl_section *section, rows_kind kind) {
  switch (kind) {
    case ROWS_VALUES: return section->value;
    case ROWS_WHY: return section->why;
    case ROWS_CLEAN: return section->clean;
    case ROWS_CHOSEN: return section->chosen;
    default: return section->tensor;
  }
}

static void fill_missing(rows_kind kind, uint8_t why, int64_t n, size_t bytes, uint8_t *out) {
  if (kind == ROWS_WHY) {
    memset(out, why, (size_t)n * bytes);
  } else if (kind == ROWS_CLEAN || kind == ROWS_CHOSEN) {
    memset(out, 0, (size_t)n * bytes);
  } else {
    double *x = (double *)out;
    for (size_t i = 0; i < (size_t)n * bytes / sizeof(double); i++) x[i] = NAN;
  }
}

/* `bytes` from `from` on, and then every row_bytes, k times. */
static evl_status read_rows(evl_study *s, const evl_record *where, uint64_t from, int64_t k, size_t row_bytes,
                            size_t bytes, uint8_t *out) {
  if (bytes == row_bytes) return evl_journals_read(s->journals, where, from, out, (size_t)k * bytes);
  for (int64_t i = 0; i < k; i++, from += row_bytes, out += bytes)
    EVL_TRY(evl_journals_read(s->journals, where, from, out, bytes));
  return EVL_OK;
}

evl_status evl_gather_windows(gather *g, rows_kind kind, int a, int r, int64_t first, int64_t n, size_t row_bytes,
                              size_t offset, size_t bytes, uint8_t *out) {
  evl_study *s = g->study;
  evl_section section[EVL_MOST_ANALYSES];
  uint8_t whole = evl_recording_why(g, r);
  double duration_s = s->probe[r].duration_s;
  while (n > 0) {
    int64_t span_first, span_n;
    int span = evl_window_span(&s->analysis[a], duration_s, s->task_s, first, &span_first, &span_n);
    int64_t k = span_first + span_n - first < n ? span_first + span_n - first : n;
    const evl_task *task = &s->task[s->first_task[r] + span];
    if (whole || !task->done) {
      fill_missing(kind, whole ? whole : EVL_WHY_PENDING, k, bytes, out);
    } else {
      evl_window_sections(s->n_analyses, s->analysis, duration_s, s->task_s, span, section);
      uint64_t from = part_of(&section[a], kind) + (uint64_t)(first - span_first) * row_bytes + offset;
      EVL_TRY(read_rows(s, &task->where, from, k, row_bytes, bytes, out));
    }
    first += k;
    n -= k;
    out += (size_t)k * bytes;
  }
  return EVL_OK;
}

static int recording_of(const evl_study *s, int a, int64_t row) {
  int low = 0, high = s->n_recordings; /* first_window[low] <= row < first_window[high] */
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    if (s->first_window[a][middle] <= row) low = middle;
    else high = middle;
  }
  return low;
}

static size_t bytes_of(const evl_study *s, const rows *what, size_t *offset) {
  const evl_layout *l = s->analysis[what->analysis].layout;
  *offset = 0;
  switch (what->kind) {
    case ROWS_VALUES: return (size_t)l->n_columns * sizeof(double);
    case ROWS_WHY: return (size_t)l->n_columns;
    case ROWS_CLEAN: return sizeof(float);
    default:
      *offset = l->tensor[what->tensor].offset * sizeof(double);
      return l->tensor[what->tensor].tensor.size * sizeof(double);
  }
}

/* f64 rows become f32 in place, front to back. */
static void narrow(void *data, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double x;
    memcpy(&x, (char *)data + i * sizeof x, sizeof x);
    float y = (float)x;
    memcpy((char *)data + i * sizeof y, &y, sizeof y);
  }
}

static evl_status window_rows(gather *g, const rows *what, uint64_t row, uint64_t n, uint8_t *data) {
  const evl_study *s = g->study;
  int a = what->analysis;
  size_t offset, bytes = bytes_of(s, what, &offset);
  size_t row_bytes = what->kind == ROWS_TENSOR ? s->analysis[a].layout->window_tensor_size * sizeof(double) : bytes;
  bool single = s->analysis[a].single && (what->kind == ROWS_VALUES || what->kind == ROWS_TENSOR);
  while (n > 0) {
    int r = recording_of(s, a, (int64_t)row);
    int64_t first = (int64_t)row - s->first_window[a][r], left = s->first_window[a][r + 1] - (int64_t)row;
    int64_t k = left < (int64_t)n ? left : (int64_t)n;
    /* Narrowed rows are shorter than what is read: through the buffer in pieces. */
    for (int64_t done = 0; done < k;) {
      int64_t piece = k - done;
      if (single && (size_t)piece * bytes > g->buffer_bytes) piece = (int64_t)(g->buffer_bytes / bytes);
      uint8_t *to = single ? g->buffer : data;
      EVL_TRY(evl_gather_windows(g, what->kind, a, r, first + done, piece, row_bytes, offset, bytes, to));
      if (single) {
        narrow(to, (size_t)piece * bytes / sizeof(double));
        memcpy(data, to, (size_t)piece * bytes / 2);
      }
      data += (size_t)piece * (single ? bytes / 2 : bytes);
      done += piece;
    }
    row += (uint64_t)k;
    n -= (uint64_t)k;
  }
  return EVL_OK;
}

static void window_numbers(const gather *g, const rows *what, uint64_t row, uint64_t n, void *data) {
  const evl_study *s = g->study;
  int a = what->analysis;
  for (uint64_t i = 0; i < n; i++) {
    int r = recording_of(s, a, (int64_t)(row + i));
    int64_t window = (int64_t)(row + i) - s->first_window[a][r];
    if (what->kind == ROWS_RECORDING) ((int32_t *)data)[i] = r;
    else ((double *)data)[i] = (double)window * s->analysis[a].step_s;
  }
}

static evl_status chosen_rows(gather *g, int a, uint64_t row, uint64_t n, uint8_t *data) {
  const evl_study *s = g->study;
  while (n > 0) {
    int r = recording_of(s, a, (int64_t)row);
    uint64_t first = row - (uint64_t)s->first_window[a][r], left = (uint64_t)s->first_window[a][r + 1] - row;
    uint64_t k = left < n ? left : n;
    const uint8_t *chosen;
    EVL_TRY(evl_gather_chosen(g, a, r, &chosen));
    memcpy(data, chosen + first, k);
    data += k;
    row += k;
    n -= k;
  }
  return EVL_OK;
}

static evl_status finish_rows(gather *g, const rows *what, int r, uint8_t *out) {
  evl_study *s = g->study;
  const evl_layout *l = s->analysis[what->analysis].layout;
  evl_finish_section section[EVL_MOST_ANALYSES];
  evl_finish_sections(s->n_analyses, s->analysis, section);
  const evl_finish_section *at = &section[what->analysis];
  const evl_task *task = &s->task[finish_task(s, r)];
  bool whys = what->kind == ROWS_RECORDING_WHY;
  size_t c = (size_t)l->n_recording_columns, from = whys ? at->why : at->value, bytes = whys ? c : c * sizeof(double);
  if (what->kind == ROWS_RECORDING_TENSOR) {
    from = at->tensor + l->tensor[what->tensor].offset * sizeof(double);
    bytes = l->tensor[what->tensor].tensor.size * sizeof(double);
  }
  uint8_t why = evl_recording_why(g, r);
  if (!why && task->done) return evl_journals_read(s->journals, &task->where, from, out, bytes);
  fill_missing(whys ? ROWS_WHY : ROWS_VALUES, why ? why : EVL_WHY_PENDING, 1, bytes, out);
  return EVL_OK;
}

static evl_status recording_rows(gather *g, const rows *what, uint64_t row, uint64_t n, uint8_t *data) {
  const evl_layout *l = g->study->analysis[what->analysis].layout;
  size_t channels = (size_t)g->study->analysis[what->analysis].montage->n;
  size_t c = (size_t)l->n_columns, cr = (size_t)l->n_recording_columns;
  for (uint64_t i = 0; i < n; i++) {
    int r = (int)(row + i);
    switch (what->kind) {
      case ROWS_SUMMARY:
        EVL_TRY(evl_gather_summary(g, what->analysis, r, (double *)data + i * c * N_STATISTICS));
        break;
      case ROWS_COUNT: EVL_TRY(evl_gather_counts(g, what->analysis, r, (uint32_t *)data + i * c, NULL)); break;
      case ROWS_SUMMARY_WHY: EVL_TRY(evl_gather_counts(g, what->analysis, r, NULL, data + i * c)); break;
      case ROWS_RECORDING_WHY: EVL_TRY(finish_rows(g, what, r, data + i * cr)); break;
      case ROWS_RECORDING_VALUES: EVL_TRY(finish_rows(g, what, r, data + i * cr * sizeof(double))); break;
      case ROWS_QUALITY:
        EVL_TRY(evl_gather_quality(g, what->analysis, r, (float *)data + i * channels * EVL_QUALITIES));
        break;
      case ROWS_CHANNEL_STATUS:
        EVL_TRY(evl_gather_channels(g, what->analysis, r, data + i * channels, NULL));
        break;
      case ROWS_CHANNEL_CAUSES:
        EVL_TRY(evl_gather_channels(g, what->analysis, r, NULL, (uint32_t *)data + i * channels));
        break;
      default: {
        size_t bytes = l->tensor[what->tensor].tensor.size * sizeof(double);
        EVL_TRY(finish_rows(g, what, r, data + i * bytes));
      }
    }
  }
  return EVL_OK;
}

evl_status evl_gather_rows(void *context, int dataset, uint64_t row, uint64_t n, void *data) {
  gather *g = context;
  const rows *what = &g->rows[dataset];
  evl_timing *timing = &g->study->timing;
  if (!(timing->layout_s > 0)) timing->layout_s = evl_seconds() - timing->layout_from_s; /* the first rows */
  if (evl_stop_at_once()) return evl_fail(EVL_STOPPED, "stopped on request; run again to go on");
  if (what->kind == ROWS_RECORDING || what->kind == ROWS_START) {
    window_numbers(g, what, row, n, data);
    return EVL_OK;
  }
  if (what->kind == ROWS_CHOSEN) return chosen_rows(g, what->analysis, row, n, data);
  return what->kind < ROWS_SUMMARY ? window_rows(g, what, row, n, data) : recording_rows(g, what, row, n, data);
}
