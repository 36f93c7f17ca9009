/* What a sidecar says against the header of the file. */
#include "sidecar_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 5 };

typedef struct sentence {
  char text[1024];
  size_t used;
} sentence;

/* Cut where it does not fit, at a whole character. */
static void say(sentence *s, const char *format, ...) EVL_PRINTF(2, 3);
static void say(sentence *s, const char *format, ...) {
  size_t left = sizeof s->text - s->used;
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(s->text + s->used, left, format, arguments);
  va_end(arguments);
  s->used += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
  s->used = evl_utf8_valid(s->text, s->used);
  s->text[s->used] = '\0';
}

/* A unit without blanks and with every micro sign as u; "" where nothing is told. */
static void plain_unit(const char *unit, char plain[64]) {
  static const char *const micro[] = {"\xc2\xb5", "\xce\xbc", "micro"};
  size_t used = 0;
  while (*unit && used < 63) {
    size_t skip = *unit == ' ';
    for (int i = 0; i < 3 && skip == 0; i++)
      if (strncmp(unit, micro[i], strlen(micro[i])) == 0) {
        skip = strlen(micro[i]);
        plain[used++] = 'u';
      }
    if (skip == 0) plain[used++] = *unit++;
    unit += skip;
  }
  plain[used] = '\0';
}

static bool same_unit(const char *a, const char *b) {
  char x[64], y[64];
  plain_unit(a, x);
  plain_unit(b, y);
  return !*x || !*y || strcmp(x, y) == 0;
}

/* Sidecars give rates rounded (511.9997 as 512). */
static bool same_rate(double told_hz, double found_hz) { return !(fabs(told_hz - found_hz) > 1e-3 * found_hz); }

static const evl_signal *signal_of(const evl_header *header, const char *name) {
  for (const evl_signal *s = header->signal; s < header->signal + header->n_signals; s++)
    if (s->kind != EVL_SIGNAL_ANNOTATION && strcasecmp(s->label, name) == 0) return s;
  return NULL;
}

static void compare_names(const evl_sidecar *sidecar, const evl_header *header, sentence *s) {
  int n = 0, n_untold = 0;
  for (int i = 0; i < sidecar->n_channels; i++)
    if (!signal_of(header, sidecar->channel[i].name)) {
      if (n == 0) say(s, "; it has no channel ");
      if (n++ < SHOWN) say(s, "%s%s", n > 1 ? ", " : "", sidecar->channel[i].name);
    }
  if (n > SHOWN) say(s, " and %d more", n - SHOWN);
  if (sidecar->n_channels == 0) return;
  for (const evl_signal *f = header->signal; f < header->signal + header->n_signals; f++)
    n_untold += f->kind != EVL_SIGNAL_ANNOTATION && evl_sidecar_find(sidecar, f->label) < 0;
  if (n_untold > 0) say(s, "; %d of its signals not in the sidecar", n_untold);
}

static void compare_channels(const evl_sidecar *sidecar, const evl_header *header, sentence *s) {
  int n_units = 0, n_rates = 0;
  for (int i = 0; i < sidecar->n_channels; i++) {
    const evl_sidecar_channel *c = &sidecar->channel[i];
    const evl_signal *signal = signal_of(header, c->name);
    if (!signal) continue;
    if (!same_unit(c->units, signal->unit) && n_units++ < SHOWN)
      say(s, "; unit of %s: %s, in the file %s", c->name, c->units, signal->unit);
    if (!same_rate(c->fs_hz, signal->fs_hz) && n_rates++ < SHOWN)
      say(s, "; rate of %s: %g Hz, in the file %g Hz", c->name, c->fs_hz, signal->fs_hz);
  }
  if (n_units > SHOWN) say(s, "; %d more units", n_units - SHOWN);
  if (n_rates > SHOWN) say(s, "; %d more rates", n_rates - SHOWN);
}

/* SamplingFrequency stands for the voltages: one of them has it, or it is wrong. */
static void compare_rate(const evl_sidecar *sidecar, const evl_header *header, sentence *s) {
  double other_hz = 0;
  if (!(sidecar->fs_hz > 0)) return;
  for (int i = 0; i < header->n_signals; i++) {
    if (header->signal[i].kind != EVL_SIGNAL_VOLTAGE) continue;
    if (same_rate(sidecar->fs_hz, header->signal[i].fs_hz)) return;
    other_hz = header->signal[i].fs_hz;
  }
  if (other_hz > 0) say(s, "; SamplingFrequency %g Hz, in the file %g Hz", sidecar->fs_hz, other_hz);
}

evl_status evl_sidecar_conflicts(const evl_sidecar *sidecar, const evl_header *header, evl_arena *arena,
                                 const char **text) {
  sentence s = {.used = 0};
  compare_names(sidecar, header, &s);
  compare_channels(sidecar, header, &s);
  compare_rate(sidecar, header, &s);
  const char *note = sidecar->note, *conflicts = s.used ? s.text + 2 : ""; /* without the first "; " */
  *text = evl_arena_format(arena, "%s%s%s%s", note, *note && s.used ? "; " : "",
                           s.used ? "conflicts with the file: " : "", conflicts);
  return *text ? EVL_OK : EVL_MEMORY;
}
