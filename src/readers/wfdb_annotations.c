/* wfdb_annotations: annotation files in the MIT format (annot(5)). */
#include <stdlib.h>
#include <string.h>

#include "wfdb_priv.h"

enum { NOTE = 22, SKIP = 59, NUM, SUB, CHN, AUX, MOST_TEXT = 1023 };

static const char *const mnemonic[50] = {
  [1] = "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", [16] = "|", [18] = "s", "T", "*", "D",
  "\"", "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x", "f", "(", ")", "r"};

typedef struct stream {
  evl_reader *reader;
  int file;
  int64_t at, bytes;       /* next byte, of the file */
  int64_t offset;          /* of the window */
  size_t n;
  uint8_t window[4096];
} stream;

/* The next byte; zeros behind the end. */
static evl_status next_byte(stream *s, uint8_t *byte) {
  *byte = 0;
  if (s->at >= s->bytes) {
    s->at++;
    return EVL_OK;
  }
  if (s->at >= s->offset + (int64_t)s->n) {
    s->offset = s->at;
    s->n = s->bytes - s->at < (int64_t)sizeof s->window ? (size_t)(s->bytes - s->at) : sizeof s->window;
    EVL_TRY(evl_reader_file_bytes(s->reader, s->file, s->offset, s->window, s->n));
  }
  *byte = s->window[s->at++ - s->offset];
  return EVL_OK;
}

static evl_status next_word(stream *s, uint32_t *word) {
  uint8_t low, high;
  EVL_TRY(next_byte(s, &low));
  EVL_TRY(next_byte(s, &high));
  *word = (uint32_t)(low | high << 8);
  return EVL_OK;
}

static evl_status read_aux(stream *s, uint32_t n, char text[MOST_TEXT + 1]) {
  uint8_t bytes[MOST_TEXT];
  for (uint32_t i = 0; i < n + n % 2; i++) {
    uint8_t byte;
    EVL_TRY(next_byte(s, &byte));
    if (i < n) bytes[i] = byte;
  }
  evl_text_utf8(bytes, n, text, MOST_TEXT + 1);
  return EVL_OK;
}

typedef struct present { int code; int64_t time; double fs_hz; char aux[MOST_TEXT + 1]; } present;

static evl_status tell(present *a, evl_status (*see)(void *, double, double, const char *), void *context) {
  static const char resolution[] = "## time resolution: ";
  if (a->code == NOTE && a->time == 0 && strncmp(a->aux, resolution, sizeof resolution - 1) == 0) {
    double fs_hz;
    if (evl_cell_number(a->aux + sizeof resolution - 1, &fs_hz) && fs_hz > 0) a->fs_hz = fs_hz;
    a->code = 0;
  }
  if (a->code == 0) return EVL_OK;
  const char *text = *a->aux ? a->aux : a->code < 50 && mnemonic[a->code] ? mnemonic[a->code] : "?";
  a->code = 0;
  return see(context, (double)a->time / a->fs_hz, 0.0, text);
}

static evl_status read_file(evl_reader *reader, int file,
                            evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                            void *context) {
  stream s = {.reader = reader, .file = file, .bytes = reader->header.file[file].bytes};
  present a = {.fs_hz = 1.0 / reader->header.record_s};
  int64_t time = 0;
  while (s.at < s.bytes) {
    uint32_t word, high, low;
    EVL_TRY(next_word(&s, &word));
    uint32_t code = word >> 10, interval = word & 0x3FF;
    if (word == 0) break;
    if (code == SKIP) { /* the interval of 32 bits that follows, high half first */
      EVL_TRY(next_word(&s, &high));
      EVL_TRY(next_word(&s, &low));
      time += (int32_t)(high << 16 | low);
    } else if (code == AUX) {
      EVL_TRY(read_aux(&s, interval, a.aux));
    } else if (code < SKIP) {
      EVL_TRY(tell(&a, see, context));
      time += interval;
      a.code = (int)code;
      a.time = time;
      a.aux[0] = 0;
    }
  }
  return tell(&a, see, context);
}

evl_status evl_wfdb_annotations(evl_reader *reader,
                                evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                void *context) {
  const evl_wfdb *w = reader->state;
  for (int i = 0; i < w->n_annotations; i++) EVL_TRY(read_file(reader, w->annotation_file[i], see, context));
  return EVL_OK;
}
