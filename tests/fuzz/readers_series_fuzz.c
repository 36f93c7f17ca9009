/* Bytes of small files of every format that holds series changed or cut: text, NumPy, MATLAB 4 and 5 (plain and
   compressed), EEGLAB. A refusal with a message that names the file, or a recording that can be read to its end. Meant to
   run under sanitizers, too. */
#include <zlib.h>

#include "check.h"
#include "readers_any.h"
#include "scratch.h"

enum { ROUNDS = 400, MOST = 1 << 16 };

static uint32_t state;

static uint32_t next_random(uint32_t below) { /* xorshift32, Marsaglia 2003 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

typedef struct made { size_t n; uint8_t byte[MOST]; } made;

static void put(made *m, const void *bytes, size_t n) {
  memcpy(m->byte + m->n, bytes, n);
  m->n += n;
}

static void put_word(made *m, uint32_t word) { put(m, &word, 4); }

/* ---- elements of MATLAB 5 ---- */

static void element(made *m, uint32_t type, const void *bytes, size_t n) {
  put_word(m, type);
  put_word(m, (uint32_t)n);
  put(m, bytes, n);
  while (m->n % 8) m->byte[m->n++] = 0;
}

/* Begins a matrix; where its size stands. */
static size_t begin(made *m, uint32_t kind, int32_t rows, int32_t columns, const char *name) {
  const uint32_t flags[2] = {kind, 0};
  const int32_t size[2] = {rows, columns};
  put_word(m, 14);
  put_word(m, 0);
  size_t at = m->n;
  element(m, 6, flags, 8);
  element(m, 5, size, 8);
  element(m, 1, name, strlen(name));
  return at;
}

static void end(made *m, size_t at) {
  uint32_t n = (uint32_t)(m->n - at);
  memcpy(m->byte + at - 4, &n, 4);
}

static void numbers(made *m, const char *name, int32_t rows, int32_t columns) {
  double x[512];
  for (int i = 0; i < rows * columns; i++) x[i] = i + 0.5;
  size_t at = begin(m, 6, rows, columns, name);
  element(m, 9, x, sizeof *x * (size_t)(rows * columns));
  end(m, at);
}

static void number(made *m, double x) {
  size_t at = begin(m, 6, 1, 1, "");
  element(m, 9, &x, sizeof x);
  end(m, at);
}

static void text(made *m, const char *words) {
  size_t at = begin(m, 4, 1, (int32_t)strlen(words), "");
  element(m, 16, words, strlen(words));
  end(m, at);
}

/* Names of `n` fields in 16 bytes each. */
static size_t begin_struct(made *m, const char *name, int32_t elements, const char *const *field, int n) {
  char names[8 * 16] = "";
  const int32_t length = 16;
  for (int i = 0; i < n; i++) snprintf(names + 16 * i, 16, "%s", field[i]);
  size_t at = begin(m, 2, 1, elements, name);
  put_word(m, 4 << 16 | 5);
  put_word(m, (uint32_t)length);
  element(m, 1, names, 16 * (size_t)n);
  return at;
}

static void data_set(made *m) {
  static const char *const fields[] = {"nbchan", "pnts", "srate", "trials", "data", "chanlocs", "event"};
  static const char *const places[] = {"labels", "X", "Y", "Z"}, *const events[] = {"type", "latency", "duration"};
  size_t at = begin_struct(m, "EEG", 1, fields, 7);
  const double facts[] = {2, 100, 250, 1};
  for (int i = 0; i < 4; i++) number(m, facts[i]);
  numbers(m, "", 2, 100);
  size_t inner = begin_struct(m, "chanlocs", 2, places, 4);
  for (int c = 0; c < 2; c++) {
    text(m, c ? "Cz" : "Fp1");
    for (int i = 0; i < 3; i++) number(m, i - c);
  }
  end(m, inner);
  inner = begin_struct(m, "event", 2, events, 3);
  for (int i = 0; i < 2; i++) {
    text(m, i ? "boundary" : "stimulus");
    number(m, 30 + 20.5 * i);
    number(m, 4);
  }
  end(m, inner);
  end(m, at);
}

static void matlab_5(made *m, bool set, bool packed) {
  static made inner;
  uint8_t header[128];
  memset(header, ' ', sizeof header);
  memcpy(header, "MATLAB 5.0 MAT-file", 19);
  memcpy(header + 124, "\0\1IM", 4);
  put(m, header, sizeof header);
  inner.n = 0;
  if (set) data_set(&inner);
  else numbers(&inner, "x", 3, 100);
  if (!packed) {
    put(m, inner.byte, inner.n);
    return;
  }
  uLongf n = MOST - 1024;
  compress(m->byte + m->n + 8, &n, inner.byte, inner.n);
  put_word(m, 15);
  put_word(m, (uint32_t)n);
  m->n += n;
}

/* ---- the other formats ---- */

static void matlab_4(made *m) {
  const uint32_t header[5] = {0, 3, 100, 0, 2};
  double x[300];
  for (int i = 0; i < 300; i++) x[i] = i;
  put(m, header, sizeof header);
  put(m, "x", 2);
  put(m, x, sizeof x);
}

static void numpy(made *m) {
  char header[118];
  float x[400];
  memset(header, ' ', sizeof header);
  memcpy(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (100, 4), }", 61);
  header[117] = '\n';
  put(m, "\x93NUMPY\1\0\x76\0", 10);
  put(m, header, sizeof header);
  for (int i = 0; i < 400; i++) x[i] = (float)i;
  put(m, x, sizeof x);
}

static void text_series(made *m) {
  char line[64];
  put(m, "time,Fp1,\"Cz\"\r\n", 15);
  for (int i = 0; i < 100; i++) {
    int n = snprintf(line, sizeof line, "%.3f,%d,%s\r\n", i / 250.0 + (i > 60), i * i, i % 9 ? "-1.5e-3" : "NaN");
    put(m, line, (size_t)n);
  }
}

static void plain_text(made *m) {
  for (int i = 0; i < 200; i++) put(m, i % 3 ? " 12 -7.25\n" : "3 4e2\n", i % 3 ? 10 : 6);
}

/* ---- judging ---- */

typedef struct tally { int accepted, refused; } tally;

static evl_status count(void *context, double onset_s, double duration_s, const char *words) {
  (void)onset_s, (void)duration_s, (void)words;
  (*(int64_t *)context)++;
  return EVL_OK;
}

static bool readable(evl_reader *reader) {
  const evl_header *h = evl_reader_header(reader);
  int64_t annotations = 0, n;
  for (int i = 0; i < h->n_stretches && i < 8; i++)
    for (int s = 0; s < h->n_signals && s < 8; s++) {
      double *x = any_samples(reader, s, i, 0.17, &n);
      if (!x) return false;
      for (int64_t t = 0; t < n; t++)
        if (isinf(x[t])) return false;
      free(x);
    }
  return evl_reader_annotations(reader, count, &annotations) == EVL_OK;
}

static bool judge(const char *path, tally *t) {
  static const char formats[] = "text: { fs_hz = 250; }; npy: { fs_hz = 250; }; matlab: { fs_hz = 250; };";
  evl_arena *arena = evl_arena_create();
  evl_reader *reader = any_open(path, formats, arena);
  bool good = reader ? readable(reader) : strstr(evl_error_message(), path) != NULL;
  t->accepted += reader != NULL;
  t->refused += reader == NULL;
  evl_reader_close(reader);
  evl_arena_free(arena);
  return good;
}

/* Bytes changed (small numbers and letters of the grammar among them), or the end cut off. */
static void fuzz(const char *name, const made *m) {
  static made changed;
  tally t = {0, 0};
  bool good = judge(scratch_bytes(name, m->byte, m->n), &t);
  CHECK(good && t.accepted == 1);
  if (t.accepted != 1) printf("# %s: %s\n", name, evl_error_message());
  for (int i = 0; i < ROUNDS && good; i++) {
    changed = *m;
    for (uint32_t k = 0; k <= next_random(3); k++) {
      size_t at = next_random(i % 2 ? (uint32_t)m->n : m->n < 600 ? (uint32_t)m->n : 600);
      changed.byte[at] = i % 3 ? (uint8_t)next_random(256) : (uint8_t)"0123456789,; \n\t\"()-.e\0\1\6\16\17"[next_random(27)];
    }
    if (i % 5 == 0) changed.n = 1 + next_random((uint32_t)m->n);
    good = judge(scratch_bytes(name, changed.byte, changed.n), &t);
    CHECK(good);
    if (!good) printf("# %s, round %d: %s\n", name, i, evl_error_message());
  }
  printf("# %s: %d accepted, %d refused\n", name, t.accepted, t.refused);
  CHECK(t.refused > 0);
}

static bool known(const char *name) {
  for (int i = 0; evl_formats[i]; i++)
    if (strcmp(evl_formats[i]->name, name) == 0) return true;
  return false;
}

static made file;

static void texts(void) {
  state = 20260105;
  file.n = 0;
  text_series(&file);
  fuzz("times.csv", &file);
  file.n = 0;
  plain_text(&file);
  fuzz("plain.txt", &file);
}

static void arrays(void) {
  state = 20260106;
  file.n = 0;
  numpy(&file);
  fuzz("x.npy", &file);
}

static void matrices(void) {
  if (!known("matlab")) SKIP("built without libmatio");
  state = 20260107;
  for (int packed = 0; packed < 2; packed++) {
    file.n = 0;
    matlab_5(&file, false, packed);
    fuzz("x.mat", &file);
  }
  file.n = 0;
  matlab_4(&file);
  fuzz("x4.mat", &file);
}

static void data_sets(void) {
  if (!known("eeglab")) SKIP("built without libmatio");
  state = 20260108;
  for (int packed = 0; packed < 2; packed++) {
    file.n = 0;
    matlab_5(&file, true, packed);
    fuzz("x.set", &file);
  }
}

int main(void) {
  scratch_begin();
  RUN(texts);
  RUN(arrays);
  RUN(matrices);
  RUN(data_sets);
  scratch_end();
  CHECK_DONE();
}
